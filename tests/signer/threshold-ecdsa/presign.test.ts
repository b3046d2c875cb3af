import { join } from "node:path";
import { PresignStage } from "@countersign/gen/countersign/threshold/v1/ecdsa_pb.ts";
import { expect, test } from "vitest";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { outcomeOf } from "../threshold/support/reason.ts";
import type { ClientPresign } from "./support/client-presign.ts";
import { EcdsaWallet } from "./support/ecdsa-client.ts";
import { ecdsaSettings, startEcdsaSigner } from "./support/ecdsa-signer.ts";

type StepRequest = ReturnType<EcdsaWallet["presignStepRequest"]>;

async function walletWithToken(options?: Parameters<typeof startEcdsaSigner>[0]) {
  const signer = await startEcdsaSigner(options);
  const wallet = await EcdsaWallet.withKey(signer.client);
  return { signer, wallet, token: await wallet.mint() };
}

/**
 * The same call with one bit of its first message's last byte changed. Not of the last message: a bit of u may be one that
 * the relayer's choices do not meet, and what the client proves of it only comes with the next flight.
 */
function flipped(call: StepRequest): StepRequest {
  const messages = call.request.messages.map(({ phase, data }) => ({ phase, data: Uint8Array.from(data) }));
  const data = messages[0]?.data;
  if (data === undefined) throw new Error("no message");
  data[data.length - 1] = (data.at(-1) ?? 0) ^ 1;
  return { ...call, request: { ...call.request, messages } };
}

async function finish(wallet: EcdsaWallet, presign: ClientPresign): Promise<void> {
  while (presign.presignature === undefined) await wallet.stepPresign(presign);
}

test("five calls make a presignature that both sides name the same, through all stages", async () => {
  const { wallet, token } = await walletWithToken();
  const presign = await wallet.newPresign();
  const { response } = await wallet.client.presignInit(wallet.presignInitRequest(presign, token));
  if (response === undefined) expect.fail("no answer");
  presign.sessionId = response.presignSessionId;
  await presign.take(response);
  const stages = [response.stage];
  const versions = [response.version];
  while (presign.presignature === undefined) {
    const { response } = await wallet.client.presignStep(wallet.presignStepRequest(presign));
    if (response === undefined) expect.fail("no answer");
    stages.push(response.stage);
    versions.push(response.version);
    await presign.take(response);
  }
  expect(presign.calls).toBe(5);
  const { TRIPLES, TRIPLES_DONE, PRESIGN, DONE } = PresignStage;
  expect(stages.slice(0, 3)).toEqual([TRIPLES, TRIPLES, TRIPLES]);
  expect([TRIPLES_DONE, PRESIGN]).toContain(stages[3]);
  expect(stages[4]).toBe(DONE);
  const [first = 0] = versions;
  expect(versions).toEqual(versions.map((_, i) => first + i));
  expect(await wallet.pool()).toEqual([presign.presignature.id]);
});

test("two presignatures of one key are different ones, oldest first in the pool", async () => {
  const { wallet, token } = await walletWithToken();
  const [one, two] = [await wallet.presign(token), await wallet.presign(token)];
  expect(one.bigR).not.toEqual(two.bigR);
  expect(await wallet.pool()).toEqual([one.id, two.id]);
});

test("the identical step gets the identical answer, as often as it is asked, and after the end too", async () => {
  const { wallet, token } = await walletWithToken();
  const presign = await wallet.beginPresign(token);
  while (presign.presignature === undefined) {
    const call = wallet.presignStepRequest(presign);
    const { response } = await wallet.client.presignStep(call);
    if (response === undefined) expect.fail("no answer");
    for (let i = 0; i < 2; i++) {
      expect((await wallet.client.presignStep(call)).response).toEqual(response);
    }
    await presign.take(response);
  }
  expect(await wallet.pool()).toEqual([presign.presignature.id]);
});

test("another flight where a step was answered burns the session, whichever step it is", async () => {
  const { wallet, token } = await walletWithToken();
  for (const answered of [0, 1, 2, 3]) {
    const presign = await wallet.beginPresign(token);
    for (let i = 0; i < answered; i++) await wallet.stepPresign(presign);
    const call = wallet.presignStepRequest(presign);
    await wallet.stepPresign(presign);
    expect(await outcomeOf(wallet.client.presignStep(flipped(call)))).toBe("PRESIGN_ABORTED");
    expect(await outcomeOf(wallet.client.presignStep(call))).toBe("PRESIGN_SESSION_INVALID");
    if (presign.presignature === undefined) {
      const next = wallet.client.presignStep(wallet.presignStepRequest(presign));
      expect(await outcomeOf(next)).toBe("PRESIGN_SESSION_INVALID");
    }
    // What the last step made is gone with it.
    expect(await wallet.pool()).toEqual([]);
  }
});

test("a flight that does not hold burns the session at every step", async () => {
  const { wallet, token } = await walletWithToken();
  for (const answered of [0, 1, 2, 3]) {
    const presign = await wallet.beginPresign(token);
    for (let i = 0; i < answered; i++) await wallet.stepPresign(presign);
    const call = wallet.presignStepRequest(presign);
    expect(await outcomeOf(wallet.client.presignStep(flipped(call)))).toBe("PRESIGN_ABORTED");
    expect(await outcomeOf(wallet.client.presignStep(call))).toBe("PRESIGN_SESSION_INVALID");
  }
  expect(await wallet.pool()).toEqual([]);
});

test("a first flight that does not hold leaves nothing in the pool's way", async () => {
  const { wallet, token } = await walletWithToken({
    threshold: ecdsaSettings({ presign: { capacity: 1, refill_below: 1 } }),
  });
  const presign = await wallet.newPresign();
  const call = wallet.presignInitRequest(presign, token);
  const [first] = call.request.messages;
  if (first === undefined) expect.fail("no message");
  const twice = { ...call, request: { ...call.request, messages: [first, first] } };
  expect(await outcomeOf(wallet.client.presignInit(twice))).toBe("PRESIGN_ABORTED");
  await wallet.presign(token);
});

test("a step of another version is stale and changes nothing", async () => {
  const { wallet, token } = await walletWithToken();
  const presign = await wallet.beginPresign(token);
  await wallet.stepPresign(presign);
  const call = wallet.presignStepRequest(presign);
  for (const version of [presign.version - 2, presign.version + 1, 64]) {
    const other = { ...call, request: { ...call.request, version } };
    expect(await outcomeOf(wallet.client.presignStep(other)), `${version}`).toBe("STALE_SESSION_STATE");
  }
  await finish(wallet, presign);
});

test("a finished session takes no further step", async () => {
  const { wallet, token } = await walletWithToken();
  const presign = await wallet.beginPresign(token);
  let call = wallet.presignStepRequest(presign);
  while (presign.presignature === undefined) {
    call = wallet.presignStepRequest(presign);
    await wallet.stepPresign(presign);
  }
  const further = { ...call, request: { ...call.request, version: presign.version } };
  expect(await outcomeOf(wallet.client.presignStep(further))).toBe("PRESIGN_SESSION_INVALID");
  expect(await wallet.pool()).toEqual([presign.presignature.id]);
});

test("a session is its user's and its key's: to anybody else it is a mismatch, and goes on", async () => {
  const { wallet, token } = await walletWithToken();
  const mallory = await EcdsaWallet.withKey(wallet.client, { user: "mallory" });
  const second = await EcdsaWallet.withKey(wallet.client);
  const presign = await wallet.beginPresign(token);
  const call = wallet.presignStepRequest(presign);
  const step = (caller: object, request: object) =>
    outcomeOf(
      wallet.client.presignStep({
        caller: { ...call.caller, ...caller },
        request: { ...call.request, ...request },
      }),
    );
  const mismatch = "PRESIGN_SESSION_SCOPE_MISMATCH";
  expect(await step({ user: "mallory" }, {})).toBe(mismatch);
  expect(await step({ user: "mallory" }, { keyId: mallory.keyId })).toBe(mismatch);
  expect(await step({ tenant: "globex" }, {})).toBe(mismatch);
  expect(await step({}, { keyId: second.keyId })).toBe(mismatch);
  expect(await step({ tenant: "unknown" }, {})).toBe("THRESHOLD_DISABLED");
  expect(await step({}, { presignSessionId: "unknown" })).toBe("PRESIGN_SESSION_INVALID");
  // Whoever the user was merged into goes on with it.
  const merged = { ...wallet.caller, user: "user-2", mergedUsers: [wallet.caller.user] };
  await finish(wallet.with({ caller: merged }), presign);
});

test("a session has a minute", async () => {
  let now = Date.now();
  const overrides = { now: () => new Date(now) };
  const { wallet, token } = await walletWithToken({ overrides });
  const presign = await wallet.newPresign();
  const { response } = await wallet.client.presignInit(wallet.presignInitRequest(presign, token));
  if (response === undefined) expect.fail("no answer");
  expect(Number(response.expiresAt?.seconds)).toBe(Math.floor((now + 60_000) / 1_000));
  presign.sessionId = response.presignSessionId;
  await presign.take(response);
  now += 59_000;
  await wallet.stepPresign(presign);
  now += 2_000;
  const late = wallet.client.presignStep(wallet.presignStepRequest(presign));
  expect(await outcomeOf(late)).toBe("PRESIGN_SESSION_INVALID");
});

test("a signer that is started again goes on from any step", async () => {
  const settings = { store: { url: `sqlite:${join(temporaryDirectory(), "signer.db")}` } };
  const { signer, wallet: first, token } = await walletWithToken({ settings });
  const presign = await first.beginPresign(token);
  await signer.drain();
  let wallet = first;
  while (presign.presignature === undefined) {
    const next = await startEcdsaSigner({ settings });
    wallet = first.at(next.client);
    await wallet.stepPresign(presign);
    if (presign.presignature === undefined) await next.drain();
  }
  expect(await wallet.pool()).toEqual([presign.presignature.id]);
});

test("the log, the audit's refusals and the metrics tell of calls, and hold nothing of the protocol", async () => {
  const { signer, wallet, token } = await walletWithToken();
  const presign = await wallet.beginPresign(token);
  const call = wallet.presignStepRequest(presign);
  expect(await outcomeOf(wallet.client.presignStep(flipped(call)))).toBe("PRESIGN_ABORTED");
  const logged = signer.logged();
  expect(logged).toContain("PRESIGN_ABORTED");
  expect(logged).toContain(wallet.keyId);
  expect(logged).not.toContain(token.slice(4));
  const [message] = call.request.messages;
  expect(logged).not.toContain(Buffer.from(message?.data.slice(-24) ?? []).toString("base64"));
  const metrics = await (await fetch(`${signer.operationsAddress}/metrics`)).text();
  expect(metrics).toContain('threshold_calls_total{method="PresignInit",outcome="succeeded",reason=""} 1');
  expect(metrics).toContain('{method="PresignStep",outcome="denied",reason="PRESIGN_ABORTED"} 1');
});
