import { ThresholdSignerService } from "@countersign/gen/countersign/signer/v1/threshold_signer_service_pb.ts";
import { ProtocolPhase } from "@countersign/gen/countersign/threshold/v1/ecdsa_pb.ts";
import { Purpose } from "@countersign/gen/countersign/threshold/v1/threshold_pb.ts";
import { flipped, type Tampering } from "../../threshold/support/tampering.ts";
import { OTHER_TENANT } from "../../threshold/support/threshold-signer.ts";
import { EcdsaWallet } from "./ecdsa-client.ts";

const { method } = ThresholdSignerService;
const { presignInit, presignStep, getPresignaturePool } = method;

type InitCall = ReturnType<EcdsaWallet["presignInitRequest"]>;
const init = (
  field: string,
  what: string,
  outcome: string,
  change: (call: InitCall, wallet: EcdsaWallet) => InitCall | Promise<InitCall>,
): Tampering => ({
  method: presignInit,
  field,
  what,
  outcome,
  run: async ({ signer: { client } }) => {
    const own = await EcdsaWallet.withKey(client);
    const call = own.presignInitRequest(await own.newPresign(), await own.mint());
    return client.presignInit(await change(call, own));
  },
});

type StepCall = ReturnType<EcdsaWallet["presignStepRequest"]>;
const step = (
  field: string,
  what: string,
  outcome: string,
  change: (call: StepCall, wallet: EcdsaWallet) => StepCall | Promise<StepCall>,
): Tampering => ({
  method: presignStep,
  field,
  what,
  outcome,
  run: async ({ signer: { client } }) => {
    const own = await EcdsaWallet.withKey(client);
    const presign = await own.beginPresign(await own.mint());
    return client.presignStep(await change(own.presignStepRequest(presign), own));
  },
});

type PoolCall = { readonly caller: EcdsaWallet["caller"]; readonly request: { readonly keyId: string } };
const pool = (field: string, what: string, change: (call: PoolCall) => PoolCall): Tampering => ({
  method: getPresignaturePool,
  field,
  what,
  outcome: "THRESHOLD_KEY_NOT_FOUND",
  run: async ({ signer: { client } }) => {
    const { caller, keyId } = await EcdsaWallet.withKey(client);
    return client.getPresignaturePool(change({ caller, request: { keyId } }));
  },
});

type Messages = StepCall["request"]["messages"];
const flippedData = (messages: Messages, at: (data: Uint8Array) => number) =>
  messages.map((message, i) =>
    i === 0 ? { ...message, data: flipped(message.data, at(message.data)) } : message,
  );
const otherPhase = (messages: Messages, phase: ProtocolPhase) =>
  messages.map((message, i) => (i === 0 ? { ...message, phase } : message));

type Change = readonly [what: string, change: (messages: Messages) => Messages];

/** Changes that the relayer notices in whatever flight they are. */
const FLIGHTS: readonly Change[] = [
  ["a flipped bit of a header", (m) => flippedData(m, () => 0)],
  ["a message twice", (m) => [...m, ...m.slice(0, 1)]],
  ["the signature's phase", (m) => otherPhase(m, ProtocolPhase.SIGN)],
];
/** Of the first flight: its commitment is opened in the second. */
const FIRST: readonly Change[] = [["the presignature's phase", (m) => otherPhase(m, ProtocolPhase.PRESIGN)]];
const SECOND: readonly Change[] = [
  ["a flipped bit of a body", (m) => flippedData(m, (data) => data.length - 1)],
];

export const tamperedPresign: readonly Tampering[] = [
  init("caller.tenant", "another tenant", "THRESHOLD_KEY_NOT_FOUND", (call) => ({
    ...call,
    caller: { ...call.caller, tenant: OTHER_TENANT },
  })),
  init("caller.user", "another user", "THRESHOLD_KEY_NOT_FOUND", (call) => ({
    ...call,
    caller: { ...call.caller, user: "user-2" },
  })),
  init("request.key_id", "no key's id", "THRESHOLD_KEY_NOT_FOUND", ({ caller, request }) => ({
    caller,
    request: { ...request, keyId: `${request.keyId}1` },
  })),
  init(
    "request.key_id",
    "another key of the user",
    "THRESHOLD_SESSION_INVALID",
    async ({ caller, request }, own) => {
      const { keyId } = await EcdsaWallet.withKey(own.client);
      return { caller, request: { ...request, keyId } };
    },
  ),
  init("request.session_token", "one flipped letter", "THRESHOLD_SESSION_INVALID", ({ caller, request }) => ({
    caller,
    request: { ...request, sessionToken: `${request.sessionToken.slice(0, -4)}AAAA` },
  })),
  init(
    "request.session_token",
    "of a session for something else",
    "THRESHOLD_PURPOSE_NOT_ALLOWED",
    async ({ caller, request }, own) => {
      const sessionToken = await own.mint({ purposes: [Purpose.NEAR_TRANSACTION] });
      return { caller, request: { ...request, sessionToken } };
    },
  ),
  ...[...FLIGHTS, ...FIRST].map(([what, change]) =>
    init("request.messages", what, "PRESIGN_ABORTED", ({ caller, request }) => ({
      caller,
      request: { ...request, messages: change(request.messages) },
    })),
  ),

  step("caller.tenant", "another tenant", "PRESIGN_SESSION_SCOPE_MISMATCH", (call) => ({
    ...call,
    caller: { ...call.caller, tenant: OTHER_TENANT },
  })),
  step("caller.user", "another user", "PRESIGN_SESSION_SCOPE_MISMATCH", (call) => ({
    ...call,
    caller: { ...call.caller, user: "user-2" },
  })),
  step("request.presign_session_id", "no session's id", "PRESIGN_SESSION_INVALID", ({ caller, request }) => ({
    caller,
    request: { ...request, presignSessionId: `${request.presignSessionId}1` },
  })),
  step(
    "request.presign_session_id",
    "another session of the user and key",
    "PRESIGN_ABORTED",
    async ({ caller, request }, own) => {
      const { sessionId } = await own.beginPresign(await own.mint());
      return { caller, request: { ...request, presignSessionId: sessionId } };
    },
  ),
  step(
    "request.key_id",
    "another key of the user",
    "PRESIGN_SESSION_SCOPE_MISMATCH",
    async ({ caller, request }, own) => {
      const { keyId } = await EcdsaWallet.withKey(own.client);
      return { caller, request: { ...request, keyId } };
    },
  ),
  step("request.version", "a later one", "STALE_SESSION_STATE", ({ caller, request }) => ({
    caller,
    request: { ...request, version: request.version + 1 },
  })),
  step("request.version", "the one that was answered", "PRESIGN_ABORTED", ({ caller, request }) => ({
    caller,
    request: { ...request, version: request.version - 1 },
  })),
  ...[...FLIGHTS, ...SECOND].map(([what, change]) =>
    step("request.messages", what, "PRESIGN_ABORTED", ({ caller, request }) => ({
      caller,
      request: { ...request, messages: change(request.messages) },
    })),
  ),

  pool("caller.tenant", "another tenant", ({ caller, request }) => ({
    caller: { ...caller, tenant: OTHER_TENANT },
    request,
  })),
  pool("caller.user", "another user", ({ caller, request }) => ({
    caller: { ...caller, user: "user-2" },
    request,
  })),
  pool("request.key_id", "no key's id", ({ caller, request }) => ({
    caller,
    request: { keyId: `${request.keyId}1` },
  })),
];
