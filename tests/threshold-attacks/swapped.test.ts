import { actions } from "near-api-js";
import { expect, test } from "vitest";
import { delegate } from "../signer/threshold/support/payloads.ts";
import { outcomeOf } from "../signer/threshold/support/reason.ts";
import {
  OTHER_RP_ID,
  OTHER_TENANT,
  type ThresholdClient,
} from "../signer/threshold/support/threshold-signer.ts";
import type { ThresholdWallet } from "../signer/threshold/support/threshold-wallet.ts";
import { startAttackWorld } from "./support/attack-world.ts";
import { verifies } from "./support/plain-signature.ts";
import { relayedSigner, relayServices } from "./support/relayed-signer.ts";
import { walletWithKey } from "./support/signed-in-wallet.ts";

const EVE = { accountId: "eve.test" };

/** A relay with two users of one tenant, and one of another. */
async function threeUsers() {
  const world = await startAttackWorld();
  const address = world.relays[0]?.address ?? "";
  const alice = await walletWithKey(address);
  const eve = await walletWithKey(address, EVE);
  const mallory = await walletWithKey(address, { tenant: OTHER_TENANT, rpId: OTHER_RP_ID });
  return {
    address,
    alice: alice.wallet,
    eve: eve.wallet,
    mallory: mallory.wallet,
    aliceToken: alice.accessToken,
  };
}

/** What was authorised of a payload of the wallet's own. */
async function authorised(wallet: ThresholdWallet, token: string, amount = 1n) {
  const [given] = await wallet.authorize(
    delegate(wallet, { actions: [actions.transfer(amount)] }).payload,
    token,
  );
  return given ?? expect.fail("nothing was authorised");
}

test("a digest swapped after authorize, or after init, is signed by nobody, and the right one still is", async () => {
  const { alice } = await threeUsers();
  const token = await alice.mint();
  const given = await authorised(alice, token);
  // One that was authorised as well, for another request.
  const other = await authorised(alice, token, 2n);
  expect(await outcomeOf(alice.init({ ...given, digest: other.digest }))).toBe("DIGEST_MISMATCH");
  expect(await outcomeOf(alice.init({ ...given, digest: new Uint8Array(32) }))).toBe("DIGEST_MISMATCH");
  const round = await alice.init(given);
  // A wallet that was lied to signs the other digest with the same nonces.
  const lied = alice.finalizeRequest({ ...round, nonces: round.nonces.slice(), digest: other.digest });
  expect(await outcomeOf(alice.client.signEd25519Finalize(lied))).toBe("DIGEST_MISMATCH");
  const claimed = { ...lied, request: { ...lied.request, digest: given.digest } };
  const right = alice.finalizeRequest(round);
  const { response } = await alice.client.signEd25519Finalize(right);
  expect(verifies(alice.keyId, given.digest, response?.signature)).toBe(true);
  expect(await outcomeOf(alice.client.signEd25519Finalize(claimed))).toBe("SIGNING_SESSION_STALE");
  expect(await outcomeOf(alice.client.signEd25519Finalize(lied))).toBe("DIGEST_MISMATCH");
});

test("a share over another digest, sent as one over the right one, gets nothing", async () => {
  const { alice } = await threeUsers();
  const token = await alice.mint();
  const given = await authorised(alice, token);
  const other = await authorised(alice, token, 2n);
  const lied = alice.finalizeRequest({ ...(await alice.init(given)), digest: other.digest });
  const call = { ...lied, request: { ...lied.request, digest: given.digest } };
  expect(await outcomeOf(alice.client.signEd25519Finalize(call))).toBe("SIGNATURE_SHARE_INVALID");
});

test("another user's, and another tenant's, requests and signing sessions are nobody's business", async () => {
  const { alice, eve, mallory } = await threeUsers();
  const given = await authorised(alice, await alice.mint());
  const round = await alice.init(given);
  const right = alice.finalizeRequest(round);
  for (const thief of [eve, mallory]) {
    expect(await outcomeOf(thief.client.signEd25519Init(alice.initRequest(given).call))).toBe(
      "SIGNING_REQUEST_INVALID",
    );
    expect(await outcomeOf(thief.init(given))).toBe("SIGNING_REQUEST_INVALID");
    expect(await outcomeOf(thief.client.signEd25519Finalize(right))).toBe("SIGNING_SESSION_STALE");
    const own = { ...right.request, keyId: thief.keyId };
    expect(await outcomeOf(thief.client.signEd25519Finalize({ ...right, request: own }))).toBe(
      "SIGNING_SESSION_STALE",
    );
    // With a session of the thief's own, and the other's right share: neither is there.
    const theirs = await thief.init(await authorised(thief, await thief.mint()));
    const mixed = { ...right.request, signingSessionId: theirs.signingSessionId };
    expect(await outcomeOf(thief.client.signEd25519Finalize({ ...right, request: mixed }))).toBe(
      "SIGNING_SESSION_STALE",
    );
  }
  // None of it burnt what is Alice's, and what was finished is given to nobody else either.
  const { response } = await alice.client.signEd25519Finalize(right);
  expect(verifies(alice.keyId, given.digest, response?.signature)).toBe(true);
  for (const thief of [eve, mallory]) {
    expect(await outcomeOf(thief.client.signEd25519Finalize(right))).toBe("SIGNING_SESSION_STALE");
  }
});

test("tokens are good for their own user, key and kind alone", async () => {
  const { address, alice, eve, mallory, aliceToken } = await threeUsers();
  const token = await alice.mint();
  for (const thief of [eve, mallory]) {
    const own = delegate(thief).payload;
    expect(await outcomeOf(thief.authorize(own, token))).toBe("THRESHOLD_SESSION_INVALID");
    const hers = alice.authorizeRequest(delegate(alice).payload, token);
    expect(await outcomeOf(thief.client.authorizeEd25519(hers))).toBe("THRESHOLD_KEY_NOT_FOUND");
    await thief.client.endThresholdSession({ caller: thief.caller, request: { token } });
  }
  expect(await alice.authorize(delegate(alice).payload, token)).toHaveLength(1);

  // An app token is longer than any threshold token may be; a part of one is no token either.
  expect(await outcomeOf(alice.authorize(delegate(alice).payload, aliceToken))).toBe("FIELD_INVALID");
  for (const part of [aliceToken.slice(0, 128), `cst_${aliceToken.slice(-43)}`]) {
    expect(await outcomeOf(alice.authorize(delegate(alice).payload, part))).toBe("THRESHOLD_SESSION_INVALID");
  }
  const reversed: ThresholdClient = relayedSigner(relayServices(address, token));
  const { caller } = alice;
  const outcomes = await Promise.all([
    outcomeOf(reversed.listThresholdKeys({ caller, request: {} })),
    outcomeOf(alice.at(reversed).authorize(delegate(alice).payload, token)),
    outcomeOf(relayServices(address, token).session.getUser({})),
  ]);
  expect(new Set(outcomes)).toEqual(new Set(["CREDENTIALS_INVALID"]));
});

test("a proof of possession that is replayed, or is for somebody else's public share, makes no key", async () => {
  const world = await startAttackWorld();
  const address = world.relays[0]?.address ?? "";
  const { wallet: alice } = await walletWithKey(address);
  const { wallet: eve } = await walletWithKey(address, { accountId: alice.accountId });
  const begun = alice.finishRequest(await alice.challenge());
  await alice.client.finishThresholdKey(begun);
  // The identical call again, and the same proof for a challenge of one's own.
  expect(await outcomeOf(alice.client.finishThresholdKey(begun))).toBe("THRESHOLD_CHALLENGE_INVALID");
  const challenge = await eve.challenge();
  const { clientVerifyingShare, clientProof } = begun.request;
  const { request, ...rest } = eve.finishRequest(challenge);
  const foreign = { ...rest, request: { ...request, clientVerifyingShare, clientProof } };
  expect(await outcomeOf(eve.client.finishThresholdKey(foreign))).toBe("POSSESSION_PROOF_INVALID");
  // Eve's own proof, with Alice's public share in its place.
  const other = { ...eve.finishRequest(await eve.challenge()) };
  const taken = { ...other, request: { ...other.request, clientVerifyingShare } };
  expect(await outcomeOf(eve.client.finishThresholdKey(taken))).toBe("POSSESSION_PROOF_INVALID");
  // Alice's whole call while its challenge is fresh, made by Eve: she is not whom it was given to.
  const fresh = alice.finishRequest(await alice.challenge());
  expect(await outcomeOf(eve.client.finishThresholdKey(fresh))).toBe("PASSKEY_NOT_FOUND");
  const withHers = { ...fresh, request: { ...fresh.request, assertion: request.assertion } };
  expect(await outcomeOf(eve.client.finishThresholdKey(withHers))).toBe("THRESHOLD_CHALLENGE_INVALID");
  const { response } = await alice.client.listThresholdKeys({ caller: alice.caller, request: {} });
  expect(response?.keys.map(({ keyId }) => keyId)).toEqual([alice.keyId]);
});
