import { expect, test } from "vitest";
import { delegate, transactions } from "./support/payloads.ts";
import { outcomeOf } from "./support/reason.ts";
import { startThresholdSigner, thresholdSettings } from "./support/threshold-signer.ts";
import { type GivenRequest, ThresholdWallet } from "./support/threshold-wallet.ts";

/** A wallet, and the right to one signature of it. */
async function authorised(): Promise<{ wallet: ThresholdWallet; given: GivenRequest }> {
  const { client } = await startThresholdSigner();
  const wallet = await ThresholdWallet.withKey(client);
  const [given] = await wallet.authorize(delegate(wallet).payload, await wallet.mint());
  if (given === undefined) expect.fail("nothing was authorised");
  return { wallet, given };
}

const countOf = (outcomes: readonly string[], outcome: string) =>
  outcomes.filter((o) => o === outcome).length;

test("of 100 authorizes at once, a session of 10 uses lets 10 through", async () => {
  const { client } = await startThresholdSigner();
  const wallet = await ThresholdWallet.withKey(client);
  const token = await wallet.mint({ purposes: [1, 2, 3], maxUses: 10 });
  const { payload } = delegate(wallet);
  const calls = Array.from({ length: 100 }, () => outcomeOf(wallet.authorize(payload, token)));
  const outcomes = await Promise.all(calls);
  expect(countOf(outcomes, "answered")).toBe(10);
  expect(countOf(outcomes, "THRESHOLD_SESSION_EXHAUSTED")).toBe(90);
});

test("a batch takes a use for each transaction, and a refused payload takes none", async () => {
  const { client } = await startThresholdSigner();
  const wallet = await ThresholdWallet.withKey(client);
  const token = await wallet.mint({ purposes: [1, 2, 3], maxUses: 3 });
  const foreign = transactions(wallet, 3, { accountId: "bob.testnet" }).payload;
  expect(await outcomeOf(wallet.authorize(foreign, token))).toBe("PAYLOAD_KEY_MISMATCH");
  expect(await outcomeOf(wallet.authorize(transactions(wallet, 4).payload, token))).toBe(
    "THRESHOLD_SESSION_EXHAUSTED",
  );
  expect(await wallet.authorize(transactions(wallet, 3).payload, token)).toHaveLength(3);
  expect(await outcomeOf(wallet.authorize(transactions(wallet, 1).payload, token))).toBe(
    "THRESHOLD_SESSION_EXHAUSTED",
  );
});

test("the identical finalize gets the identical bytes again, from whoever repeats it, and another one none", async () => {
  const { wallet, given } = await authorised();
  const call = wallet.finalizeRequest(await wallet.init(given));
  const { client } = wallet;
  const [first, ...others] = await Promise.all(
    Array.from({ length: 8 }, () => client.signEd25519Finalize(call)),
  );
  expect(others).toEqual(Array(7).fill(first));
  const other = { ...call.request, clientSignatureShare: new Uint8Array(32).fill(1) };
  expect(await outcomeOf(client.signEd25519Finalize({ ...call, request: other }))).toBe(
    "SIGNING_SESSION_STALE",
  );
  expect(await client.signEd25519Finalize(call)).toEqual(first);
});

test("a signed request begins no other signature", async () => {
  const { wallet, given } = await authorised();
  await wallet.sign(given);
  expect(await outcomeOf(wallet.init(given))).toBe("SIGNING_REQUEST_INVALID");
});

test("a repeated init has other commitments and burns the run before it; the sixth is refused", async () => {
  const { wallet, given } = await authorised();
  const rounds = [];
  for (let run = 0; run < 5; run++) rounds.push(await wallet.init(given));
  const commitments = rounds.map(({ relayerCommitments: { hiding } }) => Buffer.from(hiding).toString("hex"));
  expect(new Set(commitments).size).toBe(5);
  expect(await outcomeOf(wallet.init(given))).toBe("SIGNING_REQUEST_INVALID");
  const outcomes = [];
  for (const round of rounds) {
    outcomes.push(await outcomeOf(wallet.client.signEd25519Finalize(wallet.finalizeRequest(round))));
  }
  expect(outcomes).toEqual([...Array(4).fill("SIGNING_SESSION_STALE"), "answered"]);
});

test("a bad share burns the run, and the request may begin another one", async () => {
  const { wallet, given } = await authorised();
  const { caller, request } = wallet.finalizeRequest(await wallet.init(given));
  const bad = { ...request, clientSignatureShare: new Uint8Array(32).fill(2) };
  expect(await outcomeOf(wallet.client.signEd25519Finalize({ caller, request: bad }))).toBe(
    "SIGNATURE_SHARE_INVALID",
  );
  expect(await outcomeOf(wallet.client.signEd25519Finalize({ caller, request }))).toBe(
    "SIGNING_SESSION_STALE",
  );
  expect(await wallet.sign(given)).toHaveLength(64);
});

test("a challenge makes one key, also when it is sent a hundred times at once", async () => {
  const { client } = await startThresholdSigner();
  const wallet = new ThresholdWallet(client);
  const call = wallet.finishRequest(await wallet.challenge());
  const outcomes = await Promise.all(
    Array.from({ length: 100 }, () => outcomeOf(client.finishThresholdKey(call))),
  );
  expect(countOf(outcomes, "answered")).toBe(1);
  expect(countOf(outcomes, "THRESHOLD_CHALLENGE_INVALID")).toBe(99);
});

test("what is over its time does nothing", async () => {
  let time = Date.parse("2026-11-20T12:00:00Z");
  const { client } = await startThresholdSigner({ overrides: { now: () => new Date(time) } });
  const wallet = new ThresholdWallet(client);
  const late = wallet.finishRequest(await wallet.challenge());
  time += 60_000;
  expect(await outcomeOf(client.finishThresholdKey(late))).toBe("THRESHOLD_CHALLENGE_INVALID");
  await wallet.createKey();

  const mint = wallet.mintRequest(await wallet.nonce(1));
  time += 60_000;
  expect(await outcomeOf(client.mintThresholdSession(mint))).toBe("THRESHOLD_CHALLENGE_INVALID");
  const token = await wallet.mint({ purposes: [2], lifetimeSeconds: 600 });
  const { payload } = delegate(wallet);
  const [unused] = await wallet.authorize(payload, token);
  const [begun] = await wallet.authorize(payload, token);
  if (unused === undefined || begun === undefined) expect.fail("nothing was authorised");
  const call = wallet.finalizeRequest(await wallet.init(begun));
  time += 59_999;
  const [kept] = await wallet.authorize(payload, token);
  time += 1;
  expect(await outcomeOf(wallet.init(unused))).toBe("SIGNING_REQUEST_INVALID");
  expect(await outcomeOf(client.signEd25519Finalize(call))).toBe("SIGNING_SESSION_STALE");
  expect(await wallet.sign(kept ?? unused)).toHaveLength(64);
  time += 600_000;
  expect(await outcomeOf(wallet.authorize(payload, token))).toBe("THRESHOLD_SESSION_EXPIRED");
});

test("a session has what the operator allows at most, and by default", async () => {
  let time = Date.parse("2026-11-20T12:00:00Z");
  const sessions = { default_lifetime_s: 60, max_lifetime_s: 120, default_uses: 2, max_uses: 3 };
  const now = () => new Date(time);
  const { client } = await startThresholdSigner({
    threshold: thresholdSettings({ sessions }),
    overrides: { now },
  });
  const wallet = await ThresholdWallet.withKey(client);
  const mint = async (policy: { lifetimeSeconds?: number; maxUses?: number }) =>
    client.mintThresholdSession(wallet.mintRequest(await wallet.nonce(1), { purposes: [2], ...policy }));
  const { response } = await mint({});
  expect(response).toMatchObject({ maxUses: 2, expiresAt: { seconds: BigInt(time / 1_000 + 60) } });
  expect(response?.token).toMatch(/^cst_[A-Za-z0-9_-]{43}$/);
  expect(await outcomeOf(mint({ lifetimeSeconds: 121 }))).toBe("THRESHOLD_SESSION_POLICY_INVALID");
  expect(await outcomeOf(mint({ maxUses: 4 }))).toBe("THRESHOLD_SESSION_POLICY_INVALID");
  expect(await outcomeOf(mint({ lifetimeSeconds: 120, maxUses: 3 }))).toBe("answered");
  time += 60_000;
  expect(await outcomeOf(wallet.authorize(delegate(wallet).payload, response?.token ?? ""))).toBe(
    "THRESHOLD_SESSION_EXPIRED",
  );
});
