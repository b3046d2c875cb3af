import { gzipSync } from "node:zlib";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { SubmissionState, WaitUntil } from "@countersign/web";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { Wallet } from "../../../clients/web/src/wallet/wallet.ts";
import { chromiumPath, startChromium } from "../../support/chromium.ts";
import { refusal, startScriptedRelay } from "../scripted-relay.ts";
import { type BundledFile, type Consumer, installPackage } from "./consumer.ts";

/** The most that a page loads which relays and needs no threshold key, in bytes after gzip. */
const CORE_BOUND = 45_000;

const CORE_PAGE = `
import { createRelayClient, nearRpc } from "@countersign/web";
globalThis.relay = createRelayClient({
  baseUrl: "https://relay.example",
  peers: ["https://other.example"],
  near: nearRpc("https://rpc.testnet.near.org"),
});`;

const WALLET_PAGE = `
import { createWallet } from "@countersign/web/wallet";
globalThis.createWallet = createWallet;`;

const EVM_PAGE = `
import { createWallet } from "@countersign/web/evm";
globalThis.createWallet = createWallet;`;

/** What is found in code of a kind, however it is minified. */
const MARKERS = {
  "keys' service": "ThresholdKeyService",
  "sign-in": "SessionService",
  shares: "countersign/threshold-secp256k1/client-share/v1",
  passkeys: "navigator.credentials",
  presignatures: "indexedDB",
  viem: "viem.sh",
  "rules of protovalidate": "buf/validate/validate.proto",
};

let consumer: Consumer;
beforeAll(async () => {
  consumer = await installPackage();
}, 120_000);
afterAll(() => consumer?.remove());

const gzipped = ({ code }: BundledFile) => gzipSync(code, { level: 9 }).length;
const found = (file: BundledFile | undefined) =>
  Object.entries(MARKERS).flatMap(([what, marker]) => (file?.code.includes(marker) ? [what] : []));

describe.each(["bundler", "nodenext"] as const)(
  "with moduleResolution %s",
  { timeout: 180_000 },
  (moduleResolution) => {
    it("a strict consumer of all entry points compiles, and one that is wrong does not", async () => {
      const entries = [...consumer.built.entries.keys()].map((entry) => `@countersign/web${entry.slice(1)}`);
      const all = entries.map((entry, i) => `import * as entry${i} from "${entry}";`).join("\n");
      const used = `export const used = [${entries.map((_, i) => `entry${i}`).join(", ")}];`;
      await consumer.write("every-entry.ts", `${all}\n${used}\n`);
      await consumer.write("consumer.ts", TYPED_CONSUMER);
      await consumer.write("wrong.ts", WRONG_CONSUMER);
      const messages = (await consumer.typeCheck(moduleResolution))
        .split("\n")
        .filter((line) => /^\S/.test(line));
      expect(messages).toEqual([
        expect.stringContaining("wrong.ts(2"),
        expect.stringContaining("wrong.ts(3"),
      ]);
    });
  },
);

/** Nothing of it is any: what is read has the types that it is said to have. */
const TYPED_CONSUMER = `
import { Code, createRelayClient, errorOf, nearRpc, SubmissionState, type RelayClient } from "@countersign/web";
import { createWallet, type Wallet } from "@countersign/web/wallet";

const near = nearRpc("https://rpc.testnet.near.org");
export const relay: RelayClient = createRelayClient({ baseUrl: "https://relay.example", peers: ["https://b.example"], near });
export async function submit(signedDelegate: Uint8Array): Promise<boolean> {
  try {
    const { submission } = await relay.submitDelegate({ network: "testnet", signedDelegate });
    const id: string | undefined = submission?.id;
    for await (const { submission: next } of relay.watchSubmission({ submissionId: id ?? "" })) {
      if (next?.state === SubmissionState.SUCCEEDED) return true;
    }
    return false;
  } catch (thrown) {
    const { reason, code } = errorOf(thrown);
    return reason === "DELEGATE_REPLAYED" && code === Code.AlreadyExists;
  }
}
export const wallet = (): Wallet =>
  createWallet({
    relay: { baseUrl: "https://relay.example" },
    tenant: "acme",
    rpId: "wallet.example",
    network: "testnet",
    near,
    tokens: sessionStorage,
  });
`;

/** Peers without a chain to ask, and a reason that there is not. */
const WRONG_CONSUMER = `import { createRelayClient, errorOf } from "@countersign/web";
createRelayClient({ baseUrl: "https://relay.example", peers: ["https://b.example"] });
export const isNone = errorOf(undefined).reason === "NO_REASON";
`;

it("every entry point and worker is there, with its declarations, and no source", () => {
  const { entries, workers } = consumer.built;
  const scripts = [...entries.values(), ...workers];
  expect(consumer.packed).toEqual(
    expect.arrayContaining([...scripts, ...scripts.map((script) => script.replace(/\.js$/, ".d.ts"))]),
  );
  expect(consumer.packed).toEqual(expect.arrayContaining(["package.json", "README.md", "LICENSE"]));
  expect(consumer.packed.filter((path) => /(?<!\.d)\.ts$|\.test\./.test(path))).toEqual([]);
});

it.each(["binary", "json"])(
  "Node imports the core as it is, and it speaks to a relay in %s",
  async (format) => {
    const relay = await startScriptedRelay({
      getRelayInfo: () => ({ network: "testnet", limits: { maxBlocksAhead: 2n ** 60n } }),
      submitDelegate: ({ signedDelegate, waitUntil }) => {
        throw refusal(
          waitUntil === WaitUntil.FINAL && signedDelegate.length === 3
            ? ErrorReason.DELEGATE_EXPIRED
            : ErrorReason.DELEGATE_MALFORMED,
        );
      },
      getSubmission: () => ({
        submission: { state: SubmissionState.FAILED, failure: { reason: ErrorReason.SIGNER_REFUSED } },
      }),
    });
    onTestFinished(() => relay.stop());
    const printed = await consumer.run(`
    import { createRelayClient, errorOf, SubmissionState, WaitUntil } from "@countersign/web";
    const relay = createRelayClient({ baseUrl: "${relay.baseUrl}", format: "${format}" });
    const { network, limits } = await relay.getRelayInfo({});
    const request = { network, signedDelegate: new Uint8Array(3), waitUntil: WaitUntil.FINAL };
    const error = await relay.submitDelegate(request).catch(errorOf);
    const { submission } = await relay.getSubmission({ submissionId: "sub_1" });
    const { state, failure } = submission;
    process.stdout.write([network, limits.maxBlocksAhead, error.reason, state === SubmissionState.FAILED, failure.reason].join(" "));
  `);
    expect(printed).toBe(`testnet ${2n ** 60n} DELEGATE_EXPIRED true ${ErrorReason.SIGNER_REFUSED}`);
  },
);

it(`a page that relays loads the core alone: less than ${CORE_BOUND} bytes`, async () => {
  const [page, ...rest] = await consumer.bundle(CORE_PAGE);
  if (page === undefined) throw new Error("there is no bundle");
  const size = gzipped(page);
  process.stdout.write(`core: ${page.code.length} bytes minified, ${size} after gzip\n`);
  expect(rest).toEqual([]);
  expect(found(page)).toEqual([]);
  expect(size).toBeLessThan(CORE_BOUND);
});

it("a wallet's page loads what holds shares in its worker alone, and no viem", async () => {
  const bundled = await consumer.bundle(WALLET_PAGE);
  expect(found(bundled[0])).toEqual(expect.arrayContaining(["keys' service", "sign-in", "passkeys"]));
  const isWorker = ({ name }: BundledFile) => name.startsWith("vault.worker");
  expect(bundled.filter((file) => found(file).includes("shares"))).toEqual(bundled.filter(isWorker));
  expect(bundled.filter(isWorker)).toHaveLength(1);
  expect(bundled.filter((file) => found(file).includes("viem"))).toEqual([]);
});

it.skipIf(chromiumPath === undefined)("the worker runs in a page that makes a wallet", async () => {
  await consumer.bundle(`
    import { createWallet } from "@countersign/web/wallet";
    globalThis.make = () => createWallet({
      relay: { baseUrl: "https://relay.example" },
      tenant: "acme",
      rpId: "localhost",
      network: "testnet",
      near: () => Promise.reject(new Error("nothing is asked of NEAR here")),
    });`);
  const server = await consumer.serve();
  onTestFinished(() => server.stop());
  const browser = await startChromium();
  onTestFinished(() => browser.close());
  const page = await browser.newPage();
  await page.goto(server.page);
  expect(page.workers()).toHaveLength(0);
  // Nobody is signed in: it is the worker alone that answers, once it has erased its shares.
  await page.evaluate(() => (globalThis as unknown as { make(): Wallet }).make().signOut());
  expect(page.workers().map((worker) => worker.url())).toEqual([
    expect.stringMatching(/vault\.worker-.*\.js$/),
  ]);
});

it("a page for EVM chains loads viem besides", async () => {
  const [page] = await consumer.bundle(EVM_PAGE);
  expect(found(page)).toEqual(expect.arrayContaining(["keys' service", "sign-in", "passkeys", "viem"]));
  expect(found(page)).not.toContain("shares");
});
