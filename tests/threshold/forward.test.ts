import { getOption } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { ErrorReason, reasons } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { EcdsaSigningService } from "@countersign/gen/countersign/threshold/v1/ecdsa_service_pb.ts";
import { Ed25519SigningService } from "@countersign/gen/countersign/threshold/v1/ed25519_service_pb.ts";
import { ThresholdKeyService } from "@countersign/gen/countersign/threshold/v1/threshold_key_service_pb.ts";
import { keyCaller } from "@countersign/server/access/callers.ts";
import type { PasskeyRecord, Users } from "@countersign/server/session/ports.ts";
import { DomainError, errorFromConnect, reasonName, timeLeftMs } from "@countersign/service-kit";
import { describe, expect, test } from "vitest";
import { startScriptedThresholdSigner } from "./support/scripted-threshold-signer.ts";
import { startThresholdRelay, type ThresholdRelay } from "./support/threshold-relay.ts";
import {
  ASSERTION,
  beginKeyRequest,
  finishKeyRequest,
  WALLET_CALLS,
  type WalletCall,
} from "./support/wallet-calls.ts";

const PASSKEY: PasskeyRecord = {
  credentialId: ASSERTION.credentialId,
  publicKey: new Uint8Array(77).fill(21),
  rpId: "wallet.example",
  name: "",
  backedUp: false,
  transports: [],
};

/** Alice, into whom Bob was merged, and her passkey. */
const USERS: Pick<Users, "mergedUsers" | "passkey"> = {
  mergedUsers: async (tenant, id) => (tenant === "acme" && id === "u_alice" ? ["u_bob"] : []),
  passkey: async (tenant, credentialId) =>
    tenant === "acme" && Buffer.from(credentialId).equals(PASSKEY.credentialId)
      ? { userId: "u_alice", passkey: PASSKEY }
      : undefined,
};

const withUsers = { context: { users: USERS } };
const named = WALLET_CALLS.map((call) => [call.method.name, call] as const);
const { signInit, signFinalize } = Ed25519SigningService.method;

function callOf(method: WalletCall["method"]): WalletCall {
  return WALLET_CALLS.find((call) => call.method === method) ?? expect.fail(`no call of ${method.name}`);
}

/** What the call was refused with. */
async function refusal(call: Promise<unknown>) {
  const error = await call.then(() => expect.fail("the call was answered"), errorFromConnect);
  const { reason, message, retryAfterMs } = error;
  return { reason: reason === undefined ? "none" : reasonName(reason), message, retryAfterMs };
}

test("every method of the wallet's services stands in this test", () => {
  const methods = [
    ...ThresholdKeyService.methods,
    ...Ed25519SigningService.methods,
    ...EcdsaSigningService.methods,
  ];
  expect(WALLET_CALLS.map(({ method }) => method)).toEqual(methods);
});

describe.each(named)("%s", (_, { method, signerMethod, request, response, make }) => {
  test("reaches the signer once, as it is, with whom it is for, and comes back with its answer", async () => {
    const relay = await startThresholdRelay(withUsers);
    relay.signer.answer = () => ({ response });
    expect(await make(relay)).toMatchObject(response);
    expect(relay.signer.calls).toMatchObject([
      {
        method: signerMethod,
        request: { caller: { tenant: "acme", user: "u_alice", mergedUsers: ["u_bob"] }, request },
      },
    ]);
  });

  test("passes on what the signer declares, with its message and its wait, and asks once", async () => {
    const relay = await startThresholdRelay(withUsers);
    for (const reason of getOption(method, reasons)) {
      const message = `the signer's words about ${reasonName(reason)}`;
      relay.signer.calls.length = 0;
      relay.signer.answer = () => {
        throw new DomainError(reason, message, { retryAfterMs: 2_500 });
      };
      const seen = await refusal(make(relay));
      expect(seen).toMatchObject({ reason: reasonName(reason), message });
      expect([undefined, 2_500]).toContain(seen.retryAfterMs);
      expect(relay.signer.calls).toHaveLength(1);
    }
    expect(relay.failures).toEqual([]);
  });

  test("is refused to callers without an end user, and by a relay without threshold keys", async () => {
    const key = keyCaller({ id: "k1", tenant: "acme", scopes: ["threshold"] });
    const nobody = await startThresholdRelay({ ...withUsers, caller: key });
    expect((await refusal(make(nobody))).reason).toBe("END_USER_MISSING");
    const disabled = await startThresholdRelay({ context: { enabled: false, users: USERS } });
    expect((await refusal(make(disabled))).reason).toBe("THRESHOLD_DISABLED");
    expect([...nobody.signer.calls, ...disabled.signer.calls]).toEqual([]);
  });

  test("is not made for a caller that was paused meanwhile, unless it only reads", async () => {
    const paused = { reason: ErrorReason.PAUSED, message: "this is paused for now", retryAfterMs: 5_000 };
    const relay = await startThresholdRelay({ context: { users: USERS, withdrawal: () => paused } });
    relay.signer.answer = () => ({ response });
    if (method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS) {
      expect(await make(relay)).toMatchObject(response);
      return;
    }
    expect(await refusal(make(relay))).toEqual({ ...paused, reason: "PAUSED" });
    expect(relay.signer.calls).toEqual([]);
  });
});

const ELSEWHERE = "the signer's own words";

test.each<[ErrorReason, string, number | undefined]>([
  // What any method may say of a call.
  [ErrorReason.FIELD_INVALID, "FIELD_INVALID", undefined],
  [ErrorReason.RATE_LIMITED, "RATE_LIMITED", 2_500],
  // What waiting helps against.
  [ErrorReason.INTERNAL, "SIGNER_UNAVAILABLE", 1_000],
  [ErrorReason.OVERLOADED, "SIGNER_UNAVAILABLE", 2_500],
  [ErrorReason.SHUTTING_DOWN, "SIGNER_UNAVAILABLE", 2_500],
  [ErrorReason.DEADLINE_EXCEEDED, "SIGNER_UNAVAILABLE", 1_000],
  // What an operator has to mend.
  [ErrorReason.PEER_NOT_ALLOWED, "SIGNER_REFUSED", undefined],
  [ErrorReason.REQUEST_REPLAYED, "SIGNER_REFUSED", undefined],
  [ErrorReason.SIGNER_KEY_NOT_FOUND, "SIGNER_REFUSED", undefined],
  [ErrorReason.EXPORT_DISABLED, "SIGNER_REFUSED", undefined],
  [ErrorReason.METHOD_UNKNOWN, "THRESHOLD_DISABLED", undefined],
])("what the signer says and the method does not declare, %s, becomes %s", async (given, reason, wait) => {
  const relay = await startThresholdRelay();
  relay.signer.answer = () => {
    throw new DomainError(given, ELSEWHERE, { retryAfterMs: 2_500 });
  };
  const seen = await refusal(callOf(signInit).make(relay));
  expect(seen).toMatchObject({ reason, retryAfterMs: wait });
  const passedOn = reason === reasonName(given);
  expect(seen.message === ELSEWHERE).toBe(passedOn);
  expect(relay.failures).toHaveLength(passedOn ? 0 : 1);
  expect(relay.signer.calls).toHaveLength(1);
});

test("a signer that is away is SIGNER_UNAVAILABLE, and so is one that goes away during a call, which is not repeated", async () => {
  const relay = await startThresholdRelay();
  const come = Promise.withResolvers<void>();
  relay.signer.answer = () => {
    come.resolve();
    return new Promise(() => undefined);
  };
  const lost = refusal(callOf(signFinalize).make(relay));
  await come.promise;
  await relay.signer.stop();
  expect((await lost).reason).toBe("SIGNER_UNAVAILABLE");
  expect((await refusal(callOf(signInit).make(relay))).reason).toBe("SIGNER_UNAVAILABLE");
  expect(relay.signer.calls).toHaveLength(1);
});

test("a signer that knows no threshold signing is THRESHOLD_DISABLED", async () => {
  const relay = await startThresholdRelay({ signer: await startScriptedThresholdSigner(false) });
  expect((await refusal(callOf(signInit).make(relay))).reason).toBe("THRESHOLD_DISABLED");
});

test("an answer without content is SIGNER_UNAVAILABLE", async () => {
  const relay = await startThresholdRelay();
  expect((await refusal(callOf(signInit).make(relay))).reason).toBe("SIGNER_UNAVAILABLE");
});

test("the signer learns how much time the caller has left, and when the caller stops waiting", async () => {
  const relay = await startThresholdRelay();
  const left = Promise.withResolvers<number>();
  const aborted = Promise.withResolvers<void>();
  relay.signer.answer = ({ context }) => {
    left.resolve(timeLeftMs(context.values));
    context.signal.addEventListener("abort", () => aborted.resolve());
    return new Promise(() => undefined);
  };
  const call = callOf(signInit).make(relay, { timeoutMs: 2_000 });
  expect((await call.then(() => expect.fail("answered"), errorFromConnect)).code).toBe(Code.DeadlineExceeded);
  expect(await left.promise).toBeLessThanOrEqual(2_000);
  await aborted.promise;
});

test("a signer that does not answer in time is SIGNER_UNAVAILABLE", async () => {
  const relay = await startThresholdRelay({ context: { signerTimeoutMs: 50 } });
  relay.signer.answer = () => new Promise(() => undefined);
  expect((await refusal(callOf(signInit).make(relay))).reason).toBe("SIGNER_UNAVAILABLE");
});

test("end users who do not sign in here have no merged users", async () => {
  const relay = await startThresholdRelay();
  relay.signer.answer = () => ({ response: {} });
  await relay.keys.listKeys({});
  expect(relay.signer.calls).toMatchObject([{ request: { caller: { user: "u_alice", mergedUsers: [] } } }]);
});

describe("FinishKey", () => {
  test("gives the signer the passkey's public key as it was registered", async () => {
    const relay = await startThresholdRelay(withUsers);
    relay.signer.answer = () => ({ response: {} });
    await relay.keys.finishKey(finishKeyRequest);
    expect(relay.signer.calls).toMatchObject([{ request: { credentialPublicKey: PASSKEY.publicKey } }]);
  });

  test.each<[string, Pick<Users, "mergedUsers" | "passkey"> | undefined]>([
    ["a passkey that nobody registered", { ...USERS, passkey: async () => undefined }],
    ["another user's passkey", { ...USERS, passkey: async () => ({ userId: "u_eve", passkey: PASSKEY }) }],
    ["a relay at which nobody signs in", undefined],
  ])("is refused with %s", async (_, users) => {
    const relay = await startThresholdRelay({ context: { users } });
    expect((await refusal(relay.keys.finishKey(finishKeyRequest))).reason).toBe("PASSKEY_NOT_FOUND");
    expect(relay.signer.calls).toEqual([]);
  });
});

describe("BeginKey", () => {
  test.each([
    [{ network: "mainnet" }, "NETWORK_MISMATCH"],
    [{ accountId: "Alice" }, "ACCOUNT_NAME_INVALID"],
    [{ accountId: "alice.near" }, "ACCOUNT_NETWORK_MISMATCH"],
    [{ rpId: "other.example" }, "RELYING_PARTY_NOT_FOUND"],
    [{ rpId: "sub.wallet.example" }, "RELYING_PARTY_NOT_FOUND"],
  ])("with %o is refused before the signer is asked", async (changes, reason) => {
    const relay = await startThresholdRelay();
    expect((await refusal(relay.keys.beginKey({ ...beginKeyRequest, ...changes }))).reason).toBe(reason);
    expect(relay.signer.calls).toEqual([]);
  });

  test("takes a relying party in capitals, and finds none for a tenant whose users do not sign in", async () => {
    const request = { ...beginKeyRequest, rpId: "Wallet.EXAMPLE" };
    const relay = await startThresholdRelay();
    relay.signer.answer = () => ({ response: { tenant: "acme" } });
    expect(await relay.keys.beginKey(request)).toMatchObject({ tenant: "acme" });
    const closed = await startThresholdRelay({ context: { signIn: () => undefined } });
    expect((await refusal(closed.keys.beginKey(request))).reason).toBe("RELYING_PARTY_NOT_FOUND");
  });
});

describe("the log", () => {
  const SECRET = "c2VjcmV0LXNlY3JldC1zZWNyZXQ";
  const token = `cst_${SECRET}`;
  const post = ({ address }: ThresholdRelay, method: string, body: string) =>
    fetch(`${address}/countersign.threshold.v1.ThresholdKeyService/${method}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });

  test.each<[string, string, number]>([
    ["results of an extension", JSON.stringify({ token, clientExtensionResults: { prf: SECRET } }), 200],
    ["a field of another type", JSON.stringify({ token: { first: SECRET } }), 400],
    ["JSON that is cut short", `{"token": "${SECRET}`, 400],
    ["a secret without quotes", SECRET, 400],
  ])("holds nothing of a body with %s", async (_, body, status) => {
    const relay = await startThresholdRelay();
    relay.signer.answer = () => ({ response: {} });
    expect((await post(relay, "EndSession", body)).status).toBe(status);
    expect(relay.log()).toContain("EndSession");
    expect(relay.log()).not.toContain(SECRET);
  });

  test.each([
    ["answered", undefined],
    ["refused", ErrorReason.THRESHOLD_SESSION_INVALID],
    ["lost", ErrorReason.SIGNER_STORE_UNAVAILABLE],
    ["broken", ErrorReason.THRESHOLD_KEY_BROKEN],
    ["unforeseen", ErrorReason.INTERNAL],
  ])("holds no token of a call that is %s, nor its shares", async (_, reason) => {
    const relay = await startThresholdRelay();
    relay.signer.answer = () => {
      if (reason !== undefined) throw new DomainError(reason, "refused", {});
      return { response: { token } };
    };
    const authority = { case: "sessionToken" as const, value: token };
    const payload = {
      payload: { case: "nearDelegate" as const, value: { delegateAction: new Uint8Array(9) } },
    };
    const share = Buffer.alloc(32, SECRET);
    await Promise.allSettled([
      relay.keys.endSession({ token }),
      relay.ed25519.authorize({ keyId: "k", payload, authority }),
      relay.ed25519.signFinalize({
        signingSessionId: "s",
        keyId: "k",
        digest: new Uint8Array(32),
        clientSignatureShare: share,
      }),
    ]);
    expect(relay.signer.calls).toHaveLength(3);
    for (const text of [SECRET, share.toString("hex"), share.toString("base64"), [...share].join(",")]) {
      expect(relay.log()).not.toContain(text);
    }
  });
});
