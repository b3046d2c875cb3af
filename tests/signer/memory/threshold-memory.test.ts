import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { clientShare, relayerShare, wrapKeySeed } from "@countersign/crypto/derive.ts";
import { decodeRoundState } from "@countersign/signer-service/threshold/schemes/threshold-ed25519-frost/round-state.ts";
import { expect, it } from "vitest";
import { NETWORK } from "../../support/test-relay.ts";
import { signInWallet } from "../../threshold-attacks/support/signed-in-wallet.ts";
import { storedRuns } from "../../threshold-attacks/support/stored-runs.ts";
import { delegate } from "../threshold/support/payloads.ts";
import { RP_ID, thresholdSettings } from "../threshold/support/threshold-signer.ts";
import { whyUnreadable } from "./support/memory-access.ts";
import { Needles } from "./support/needles.ts";
import { seedForms, textEncodings } from "./support/secret-forms.ts";
import { foundIn, startThresholdPrograms } from "./support/threshold-programs.ts";

const unreadable = await whyUnreadable();
if (unreadable !== undefined) process.stderr.write(`not tested: ${unreadable}\n`);

const ACCOUNT = "alice.test";
const MASTER = "the master secret";
/** What a relay must hold, or it was not searched. */
const RELAYS_OWN = "the relay's key for app tokens";

const startPrograms = () =>
  startThresholdPrograms(({ sealing, master }) =>
    thresholdSettings({
      sealing_keys: [sealing],
      master_secrets: [{ network: NETWORK, epoch: 1, secret: master }],
    }),
  );

it.skipIf(unreadable !== undefined)(
  "a relay's memory holds nothing of a threshold key's secrets, on either side, while it passes calls on",
  async () => {
    const { folder, signer, relay, master, sealing, tokenKey } = await startPrograms();
    const prf = new Uint8Array(randomBytes(32));
    const seed = wrapKeySeed(prf, ACCOUNT, RP_ID);
    const share = clientShare(seed, ACCOUNT);
    const { wallet } = await signInWallet(String(relay.ready.address), { accountId: ACCOUNT, share });
    await wallet.createKey();
    const token = await wallet.mint();
    const clientNonces: Uint8Array[] = [];
    /** A run to its second round, with the nonces of both sides known. */
    const begin = async () => {
      const [given] = await wallet.authorize(delegate(wallet).payload, token);
      if (given === undefined) expect.fail("nothing was authorised");
      const round = await wallet.init(given);
      clientNonces.push(round.nonces.slice());
      return round;
    };
    const rounds = await Promise.all(Array.from({ length: 8 }, begin));
    const runs = await storedRuns(join(folder, "signer.db"), sealing.toString("hex"));
    const relayerNonces = runs.map(({ opened }) => decodeRoundState(opened ?? new Uint8Array()).nonces);
    expect(relayerNonces).toHaveLength(8);
    // Half of them end; the others stay open.
    await Promise.all(
      rounds.slice(4).map((r) => wallet.client.signEd25519Finalize(wallet.finalizeRequest(r))),
    );

    const halves = (nonces: readonly Uint8Array[]) =>
      nonces.flatMap((n) => [n.subarray(0, 32), n.subarray(32)]);
    const relayers = relayerShare(master, wallet.verifyingShare, ACCOUNT, RP_ID);
    const secrets = [
      ...seedForms(MASTER, master),
      ...seedForms("the sealing key", sealing),
      ...seedForms("the relayer's share", relayers),
      ...halves(relayerNonces).flatMap((nonce, i) => seedForms(`the relayer's nonce ${i}`, nonce)),
      ...seedForms("the PRF's result", prf),
      ...seedForms("the wrap-key seed", seed),
      ...seedForms("the client's share", share),
      ...halves(clientNonces).flatMap((nonce, i) => seedForms(`the client's nonce ${i}`, nonce)),
    ];
    const own = textEncodings(RELAYS_OWN, tokenKey.toString("hex")).slice(0, 1);
    expect(await foundIn(relay, new Needles([...secrets, ...own]))).toEqual([RELAYS_OWN]);
    // The same search finds in the signer's memory what it must hold; and of the client's side nothing there either.
    const held = await foundIn(signer, new Needles(secrets));
    expect(held).toEqual(expect.arrayContaining([MASTER, "the sealing key"]));
    expect(held.filter((name) => /client|PRF|wrap/.test(name))).toEqual([]);

    const written = Buffer.from(`${relay.output()}${signer.output()}`);
    expect(written.toString()).toContain("threshold call answered");
    expect([...new Needles([...secrets, ...own]).foundIn(written)]).toEqual([]);
  },
  300_000,
);
