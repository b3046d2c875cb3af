import { describe, expect, test } from "vitest";
import { delegate } from "../signer/threshold/support/payloads.ts";
import { outcomeOf } from "../signer/threshold/support/reason.ts";
import type { ThresholdWallet } from "../signer/threshold/support/threshold-wallet.ts";
import { postgresUrl } from "../support/postgres.ts";
import { startAttackWorld } from "./support/attack-world.ts";
import { verifies } from "./support/plain-signature.ts";
import { walletWithKey } from "./support/signed-in-wallet.ts";

/** The right to one signature. */
async function authorised(wallet: ThresholdWallet, token: string) {
  const [given] = await wallet.authorize(delegate(wallet).payload, token);
  return given ?? expect.fail("nothing was authorised");
}

describe.skipIf(postgresUrl === undefined)("two relays and two signers over their databases", () => {
  test("serve the calls of one key, session and signature in turn", async () => {
    const { relays, signers } = await startAttackWorld({ pairs: 2 });
    const [one, two] = relays;
    if (one === undefined || two === undefined) expect.fail("no two relays");
    const { wallet, through } = await walletWithKey(one.address);
    const [atOne, atTwo] = [through(one.address), through(two.address)];
    const nonce = await atTwo.nonce(1);
    const { response: minted } = await atOne.client.mintThresholdSession(atOne.mintRequest(nonce));
    const given = await authorised(atOne, minted?.token ?? "");
    const round = await atTwo.init(given);
    await one.useSigner(1);
    const call = wallet.finalizeRequest(round);
    const { response: finished } = await atOne.client.signEd25519Finalize(call);
    expect(verifies(wallet.keyId, given.digest, finished?.signature)).toBe(true);
    await two.useSigner(0);
    expect((await atTwo.client.signEd25519Finalize(call)).response).toEqual(finished);
    // Who served what.
    const served = signers.map(({ signer }) =>
      [...signer.logged().matchAll(/"rpc_method":"(\w+)".*"threshold call answered"/g)].map(
        ([, name]) => name,
      ),
    );
    expect(served).toEqual([
      [
        "BeginThresholdKey",
        "FinishThresholdKey",
        "MintThresholdSession",
        "AuthorizeEd25519",
        "SignEd25519Finalize",
      ],
      ["CreateThresholdNonce", "SignEd25519Init", "SignEd25519Finalize"],
    ]);
  });
});

test("a restart of relay and signer before each call of a signature asks for nothing but a repetition", async () => {
  const { relays, signers } = await startAttackWorld();
  const [relay] = relays;
  const [signer] = signers;
  if (relay === undefined || signer === undefined) expect.fail("an empty world");
  const { wallet, through } = await walletWithKey(relay.address);
  let at: ThresholdWallet = wallet;
  /** What is asked for while the signer is away, and again when both were restarted. */
  const afterRestart = async <T>(ask: () => Promise<T>): Promise<T> => {
    await signer.stop();
    expect(await outcomeOf(ask())).toBe("SIGNER_UNAVAILABLE");
    await signer.start();
    await relay.restart();
    at = through(relay.address);
    return ask();
  };
  const nonce = await afterRestart(() => at.nonce(1));
  const mint = wallet.mintRequest(nonce);
  const { response: minted } = await afterRestart(() => at.client.mintThresholdSession(mint));
  const given = await afterRestart(() => authorised(at, minted?.token ?? ""));
  const round = await afterRestart(() => at.init(given));
  const call = wallet.finalizeRequest(round);
  const { response: first } = await afterRestart(() => at.client.signEd25519Finalize(call));
  expect(verifies(wallet.keyId, given.digest, first?.signature)).toBe(true);
  const { response: again } = await afterRestart(() => at.client.signEd25519Finalize(call));
  expect(again).toEqual(first);
});
