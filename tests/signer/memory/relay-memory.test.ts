import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { SubmissionState } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { describe, expect, it } from "vitest";
import { softHsmModule } from "../../support/softhsm.ts";
import { NEAR } from "../../support/test-relay.ts";
import { type Custody, KEY_ID, keystoreCustody, placeForms, tokenCustody } from "./support/custody.ts";
import { searchFiles, writeRelayViews, writeSignerViews } from "./support/left-behind.ts";
import { whyUnreadable } from "./support/memory-access.ts";
import { type Needle, Needles } from "./support/needles.ts";
import { filesOf, scanMemory } from "./support/process-memory.ts";
import type { Program } from "./support/program.ts";
import { addNextKey, drainFirstKey, NEXT_KEY_ID, openJournal } from "./support/rotation.ts";
import { prepareStack, type Stack } from "./support/stack.ts";
import { Traffic } from "./support/traffic.ts";

const unreadable = await whyUnreadable();
if (unreadable !== undefined) process.stderr.write(`not tested: ${unreadable}\n`);

const custodies: [string, () => Promise<Custody>][] = [
  ["a keystore", keystoreCustody],
  ...(softHsmModule === undefined ? [] : [["a token", tokenCustody] satisfies [string, typeof tokenCustody]]),
];

const PUBLIC_KEY = "the public key";
/** What must be among the searched files, with the public key in those that name it. */
const LEFT_BEHIND = [
  "first-relay-log",
  "second-relay-log",
  "signer-log",
  "signer-config",
  "signer-outputs",
  "signer-audit",
  "answers",
];
const NAMING_THE_KEY = ["relay.db", "signer.db", "signer-journal", "signer-status"];

/** Nothing of the custody is in the relay's memory, and what must be there was found. */
async function expectInnocent(relay: Program, stack: Stack, custody: Custody, more: readonly Needle[] = []) {
  const secrets = [...custody.secrets, ...placeForms(custody), ...more];
  const { found, unread } = await scanMemory(relay.pid, new Needles([...secrets, ...stack.relaySecret]));
  expect([...found]).toEqual(stack.relaySecret.map(({ name }) => name));
  expect(unread).toBe(0);
  const files = filesOf(relay.pid);
  expect(files).toContain(join(stack.folder, "relay.db"));
  const isCustodys = (file: string) => custody.places.some((place) => file.startsWith(place));
  expect(files.filter((file) => isCustodys(file) || /pkcs11|softhsm/i.test(file))).toEqual([]);
}

/** The same for the files of both processes, which name the key and nothing that opens it. */
function expectInnocentFiles({ folder }: Stack, { secrets, publicKey }: Custody, more: readonly Needle[]) {
  const known = { name: PUBLIC_KEY, bytes: Buffer.from(publicKey) };
  const searched = searchFiles(folder, new Needles([...secrets, ...more, known]));
  expect([...searched.keys()]).toEqual(expect.arrayContaining([...LEFT_BEHIND, ...NAMING_THE_KEY]));
  for (const name of NAMING_THE_KEY) expect([name, searched.get(name)]).toEqual([name, [PUBLIC_KEY]]);
  const guilty = [...searched].filter(([, found]) => found.some((name) => name !== PUBLIC_KEY));
  expect(guilty).toEqual([]);
}

/** An operator who has the wrong secret; gives all that the signer wrote before it ended. */
function startWithWrongSecret(stack: Stack, { wrongEnv }: Custody): Promise<string> {
  return stack.startSigner(wrongEnv).then(
    () => expect.unreachable("a signer started with the wrong secret"),
    (error: Error) => error.message,
  );
}

describe.skipIf(unreadable !== undefined).each(custodies)("with keys in %s", (_, makeCustody) => {
  it("a relay's memory, and what both processes write, hold nothing that opens them", async () => {
    const custody = await makeCustody();
    const stack = await prepareStack(custody);
    const traffic = new Traffic(stack.wallets);
    let signer = await stack.startSigner();
    await openJournal(stack);
    const checked = await stack.signerCommand("config", "check", "--config", stack.signerConfig);
    writeFileSync(join(stack.folder, "signer-config"), checked);
    let relay = await stack.startRelay([KEY_ID]);
    await expectInnocent(relay, stack, custody);

    await Promise.all(await traffic.delegates(relay));
    await traffic.createAccount(relay, NEAR / 10n, SubmissionState.SUCCEEDED);
    await traffic.createAccount(relay, 2n * NEAR, SubmissionState.REJECTED);
    await traffic.nonsense(relay);
    const load = await traffic.delegates(relay);
    await Promise.any(load);
    await expectInnocent(relay, stack, custody);
    await Promise.all(load);

    const duringRotation = await traffic.delegates(relay);
    await addNextKey(stack, custody);
    await Promise.all(duringRotation);
    const made = await custody.formsOf(NEXT_KEY_ID);
    await expectInnocent(relay, stack, custody, made);
    await writeRelayViews(stack, relay, "first-relay");
    await relay.stop();
    relay = await stack.startRelay([KEY_ID, NEXT_KEY_ID]);
    await drainFirstKey(stack);
    await Promise.all(await traffic.delegates(relay));

    const outputs = [signer.output()];
    await signer.stop();
    const waiting = await traffic.delegates(relay);
    outputs.push(await startWithWrongSecret(stack, custody));
    expect(outputs.at(-1)).toMatch(custody.refusal);
    signer = await stack.startSigner();
    await Promise.all(waiting);
    await expectInnocent(relay, stack, custody, made);

    await writeRelayViews(stack, relay, "second-relay");
    await writeSignerViews(stack, signer);
    writeFileSync(join(stack.folder, "signer-outputs"), outputs.join("\n"));
    writeFileSync(join(stack.folder, "answers"), traffic.answers);
    expectInnocentFiles(stack, custody, made);
    // The same search finds in the signer's memory what it must hold.
    const { found } = await scanMemory(signer.pid, new Needles(custody.secrets));
    expect([...found]).toEqual(expect.arrayContaining([...custody.held]));
  }, 300_000);
});
