import { join } from "node:path";
import { deserialize } from "node:v8";
import { relayerShare } from "@countersign/crypto/derive-secp256k1.ts";
import { SCHEME_ID } from "@countersign/crypto/keys-secp256k1.ts";
import type { Presignature, PresignRun } from "@countersign/crypto/ot-ecdsa/presign-run.ts";
import { addScalars } from "@countersign/crypto/ot-ecdsa/scalar.ts";
import { Seals } from "@countersign/signer-service/sealing/seals.ts";
import { decodePresignature } from "@countersign/signer-service/threshold/ecdsa/presignature-bytes.ts";
import { expect, it } from "vitest";
import { whyUnreadable } from "../signer/memory/support/memory-access.ts";
import { type Needle, Needles } from "../signer/memory/support/needles.ts";
import { seedForms, textEncodings } from "../signer/memory/support/secret-forms.ts";
import { foundIn, startThresholdPrograms } from "../signer/memory/support/threshold-programs.ts";
import { RP_ID } from "../signer/threshold/support/threshold-signer.ts";
import { EcdsaWallet } from "../signer/threshold-ecdsa/support/ecdsa-client.ts";
import { evmMessage } from "../signer/threshold-ecdsa/support/evm-payloads.ts";
import { evmSettings } from "../signer/threshold-ecdsa/support/evm-signer.ts";
import { NETWORK } from "../support/test-relay.ts";
import { signInWalletAs } from "../threshold-attacks/support/signed-in-wallet.ts";
import { signerRows } from "./support/signer-rows.ts";

const unreadable = await whyUnreadable();
if (unreadable !== undefined) process.stderr.write(`not tested: ${unreadable}\n`);

const ACCOUNT = "alice.test";
const MASTER = "the master secret";
const SEALING = "the sealing key";
/** What a relay must hold, or it was not searched. */
const RELAYS_OWN = "the relay's key for app tokens";

const startPrograms = () =>
  startThresholdPrograms(({ sealing, master }) => ({
    ...evmSettings(),
    sealing_keys: [sealing],
    master_secrets: [{ scheme: SCHEME_ID, network: NETWORK, epoch: 1, secret: master }],
  }));

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

it.skipIf(unreadable !== undefined)(
  "a relay's memory holds nothing of an EVM key's secrets, on either side, while it passes calls on",
  async () => {
    const { folder, signer, relay, master, sealing, tokenKey } = await startPrograms();
    const store = join(folder, "signer.db");
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
