import { expect, test } from "vitest";
import { delegate } from "../signer/threshold/support/payloads.ts";
import { ORDER } from "../signer/threshold/support/points.ts";
import { outcomeOf } from "../signer/threshold/support/reason.ts";
import { startAttackWorld } from "./support/attack-world.ts";
import { verifies } from "./support/plain-signature.ts";
import { walletWithKey } from "./support/signed-in-wallet.ts";
import { storedRuns } from "./support/stored-runs.ts";

/** A share that is wrong by one. */
function wrong(share: Uint8Array): Uint8Array {
  const changed = share.slice();
  changed[0] = (changed[0] ?? 0) ^ 1;
  return changed;
}

test.each<[string, (share: Uint8Array) => Uint8Array, string]>([
  ["a share that does not verify", wrong, "SIGNATURE_SHARE_INVALID"],
  ["the share 0", () => new Uint8Array(32), "SIGNATURE_SHARE_INVALID"],
  ["a scalar that is not canonical", () => ORDER, "ROUND_MESSAGE_INVALID"],
])("%s gets no share of the relayer's, and burns the run and its nonces", async (_, change, reason) => {
  const { relays, signers, signerStore } = await startAttackWorld();
  const { wallet } = await walletWithKey(relays[0]?.address ?? "");
  const [given] = await wallet.authorize(delegate(wallet).payload, await wallet.mint());
  if (given === undefined) expect.fail("nothing was authorised");
  const { caller, request } = wallet.finalizeRequest(await wallet.init(given));
  const finalize = (clientSignatureShare: Uint8Array) =>
    wallet.client.signEd25519Finalize({ caller, request: { ...request, clientSignatureShare } });
  expect(await outcomeOf(finalize(change(request.clientSignatureShare)))).toBe(reason);
  // The right one comes too late, as does the wrong one again.
  expect(await outcomeOf(finalize(request.clientSignatureShare))).toBe("SIGNING_SESSION_STALE");
  expect(await outcomeOf(finalize(change(request.clientSignatureShare)))).toBe("SIGNING_SESSION_STALE");
  expect(await storedRuns(signerStore)).toEqual([
    expect.objectContaining({ id: request.signingSessionId, stage: "burnt", opened: undefined }),
  ]);
  // The wallet goes on with nonces of its own, and with its request.
  expect(verifies(wallet.keyId, given.digest, await wallet.sign(given))).toBe(true);
  expect(signers[0]?.signer.logged()).toContain(reason);
});
