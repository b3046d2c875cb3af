import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { deserialize } from "node:v8";
import { relayerShare } from "@countersign/crypto/derive-secp256k1.ts";
import { SCHEME_ID } from "@countersign/crypto/keys-secp256k1.ts";
import type { Presignature, PresignRun } from "@countersign/crypto/ot-ecdsa/presign-run.ts";
import { addScalars } from "@countersign/crypto/ot-ecdsa/scalar.ts";
import { startDevnet } from "@countersign/devnet";
import { decodePresignature } from "@countersign/signer-service/threshold/ecdsa/presignature-bytes.ts";
import { Seals } from "@countersign/signer-service/threshold/sealing.ts";
import { expect, it, onTestFinished } from "vitest";
import { KEY_ID, keystoreCustody } from "../signer/memory/support/custody.ts";
import { whyUnreadable } from "../signer/memory/support/memory-access.ts";
import { type Needle, Needles } from "../signer/memory/support/needles.ts";
import { scanMemory } from "../signer/memory/support/process-memory.ts";
import { type Program, startProgram } from "../signer/memory/support/program.ts";
import { seedForms, textEncodings } from "../signer/memory/support/secret-forms.ts";
import { temporaryDirectory } from "../signer/support/temporary-directory.ts";
import { RP_ID } from "../signer/threshold/support/threshold-signer.ts";
import { EcdsaWallet } from "../signer/threshold-ecdsa/support/ecdsa-client.ts";
import { evmMessage } from "../signer/threshold-ecdsa/support/evm-payloads.ts";
import { evmSettings } from "../signer/threshold-ecdsa/support/evm-signer.ts";
import { openPolicy, signerSettings } from "../support/signer-settings.ts";
import { NETWORK, RELAYER, UNBOUNDED_RATES } from "../support/test-relay.ts";
import { seedTenants } from "../support/test-tenant.ts";
import { signInWalletAs } from "../threshold-attacks/support/signed-in-wallet.ts";
import { WALLET_TENANTS } from "../threshold-attacks/support/wallet-tenants.ts";
import { signerRows } from "./support/signer-rows.ts";

const unreadable = await whyUnreadable();
if (unreadable !== undefined) process.stderr.write(`not tested: ${unreadable}\n`);

const ACCOUNT = "alice.test";
const MASTER = "the master secret";
const SEALING = "the sealing key";
/** What a relay must hold, or it was not searched. */
const RELAYS_OWN = "the relay's key for app tokens";

/** A signer and a relay in processes of their own, and the secrets that they were started with. */
async function startPrograms() {
  const folder = temporaryDirectory();
  const file = (name: string, content: string) => {
    writeFileSync(join(folder, name), content, { mode: 0o600 });
    return join(folder, name);
  };
  const secret = (name: string, bytes: Buffer) => `file:${file(name, bytes.toString("hex"))}`;
  const [master, sealing, tokenKey] = [randomBytes(32), randomBytes(32), randomBytes(32)];
  const custody = await keystoreCustody();
  const settings = {
    ...custody.settings,
    policies: { [KEY_ID]: openPolicy(NETWORK, RELAYER) },
    threshold: {
      ...evmSettings(),
      sealing_keys: [secret("sealing", sealing)],
      master_secrets: [{ scheme: SCHEME_ID, network: NETWORK, epoch: 1, secret: secret("master", master) }],
    },
    log: { level: "trace" },
  };
  const signerConfig = file("signer.yaml", JSON.stringify(signerSettings(folder, settings)));
  const signer = await startProgram("signer-service/src/cli.ts", ["run", "--config", signerConfig], {
    env: custody.env,
    isReady: (line) => line.msg === "listening",
  });

  const devnet = await startDevnet({ blockTimeMs: 0 });
  onTestFinished(() => devnet.stop());
  const ledgerUrl = `sqlite:${join(folder, "relay.db")}`;
  await seedTenants(ledgerUrl, WALLET_TENANTS);
  const relaySettings = {
    network: NETWORK,
    listen: { port: 0 },
    operations: { port: 0 },
    ledger: { url: ledgerUrl },
    signer: { url: `unix:${folder}/s` },
    near: { endpoints: devnet.rpcUrls.map((url) => ({ url })) },
    relayers: [{ account_id: RELAYER, key_ids: [KEY_ID] }],
    delegates: { max_deposit: "1" },
    threshold: { enabled: true },
    session: { issuer: "https://relay.example", signing_keys: [{ id: "k1", seed: "env:TOKEN_KEY" }] },
    rates: UNBOUNDED_RATES,
    log: { level: "trace" },
  };
  const relayConfig = file("relay.yaml", JSON.stringify(relaySettings));
  const relay = await startProgram("server/src/cli.ts", ["relay", "--config", relayConfig], {
    env: { TOKEN_KEY: tokenKey.toString("hex") },
    isReady: (line) => line.msg === "relay serves",
  });
  return { store: join(folder, "signer.db"), signer, relay, master, sealing, tokenKey };
}

interface PresignRow {
  readonly id: string;
  readonly key_id: string;
  readonly version: number;
  readonly state: Uint8Array;
}

interface PresignatureRow {
  readonly id: string;
  readonly key_id: string;
  readonly sealed: string;
}

/** The relayer's secrets of the one run that is not finished, as the signer's store has it. */
async function runSecrets(store: string, seals: Seals): Promise<Needle[]> {
  const all = "select id, key_id, version, state from threshold_presigns where stage = 'triples'";
  const [row] = await signerRows<PresignRow>(store, all);
  if (row === undefined) expect.fail("no run is under way");
  const { id: sessionId, key_id: keyId, version, state } = row;
  const opened = seals.open(
    { purpose: "presign-run", sessionId, stage: `version ${version}`, keyId },
    new Uint8Array(state),
  );
  const { triples } = deserialize(opened ?? expect.fail("the run does not open")) as PresignRun;
  if (triples === undefined) expect.fail("the run has no triples");
  const ofTriples = triples.own.flatMap(({ secrets: { e, f, lSlope } }, i) =>
    [e.constant, e.slope, f.constant, f.slope, lSlope].flatMap((scalar, j) =>
      seedForms(`scalar ${j} of the relayer's triple ${i}`, scalar),
    ),
  );
  const ofTransfers = triples.multiplications.flatMap((one, i) =>
    "delta" in one ? [{ name: `the relayer's choices ${i}`, bytes: Buffer.from(one.delta) }] : [],
  );
  expect(ofTransfers.length).toBeGreaterThan(0);
  return [...ofTriples, ...ofTransfers];
}

/** The relayer's half of the one presignature that is in the pool. */
async function poolSecrets(store: string, seals: Seals): Promise<Needle[]> {
  const all = "select id, key_id, sealed from threshold_presignatures where state = 'available'";
  const [row] = await signerRows<PresignatureRow>(store, all);
  if (row === undefined) expect.fail("the pool is empty");
  const { id, key_id: keyId, sealed } = row;
  const place = { purpose: "presignature", sessionId: id, stage: "open", keyId } as const;
  const state = seals.open(place, Buffer.from(sealed, "hex")) ?? expect.fail("the half does not open");
  return halfForms("relayer", decodePresignature({ id: Buffer.from(id, "hex"), state }));
}

function halfForms(whose: string, { k, sigma }: Presignature): Needle[] {
  return [...seedForms(`the ${whose}'s k`, k), ...seedForms(`the ${whose}'s sigma`, sigma)];
}

const foundIn = async ({ pid }: Program, needles: Needles) => [...(await scanMemory(pid, needles)).found];

it.skipIf(unreadable !== undefined)(
  "a relay's memory holds nothing of an EVM key's secrets, on either side, while it passes calls on",
  async () => {
    const { store, signer, relay, master, sealing, tokenKey } = await startPrograms();
    const { wallet } = await signInWalletAs(
      (client, options) => new EcdsaWallet(client, options),
      String(relay.ready.address),
      { accountId: ACCOUNT },
    );
    await wallet.createKey();
    const token = await wallet.mint();
    // One presignature signs, one waits in the pool, and one is being made.
    const used = await wallet.presign(token);
    const [given] = await wallet.authorizeEcdsa(evmMessage().payload, token);
    await wallet.signEcdsa(given ?? expect.fail("nothing was authorised"), used);
    const pooled = await wallet.presign(token);
    const running = await wallet.beginPresign(token);

    const seals = new Seals([sealing]);
    const relayers = relayerShare(master, wallet.verifyingShare, ACCOUNT, RP_ID);
    const secrets = [
      ...seedForms(MASTER, master),
      ...seedForms(SEALING, sealing),
      ...seedForms("the relayer's share", relayers),
      ...seedForms("the client's share", wallet.share),
      ...seedForms("the key itself", addScalars(relayers, wallet.share)),
      ...(await runSecrets(store, seals)),
      ...(await poolSecrets(store, seals)),
      ...halfForms("client", pooled),
    ];
    while (running.presignature === undefined) await wallet.stepPresign(running);
    const own = textEncodings(RELAYS_OWN, tokenKey.toString("hex")).slice(0, 1);
    expect(await foundIn(relay, new Needles([...secrets, ...own]))).toEqual([RELAYS_OWN]);
    // The same search finds in the signer's memory what it must hold; and of the client's side nothing there either.
    const held = await foundIn(signer, new Needles(secrets));
    expect(held).toEqual(expect.arrayContaining([MASTER, SEALING]));
    expect(held.filter((name) => /client|key itself/.test(name))).toEqual([]);

    const written = Buffer.from(`${relay.output()}${signer.output()}`);
    expect(written.toString()).toContain("threshold call answered");
    expect([...new Needles([...secrets, ...own]).foundIn(written)]).toEqual([]);
  },
  300_000,
);
