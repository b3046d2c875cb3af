import { randomBytes, randomUUID } from "node:crypto";
import { ThresholdSignerService } from "@countersign/gen/countersign/signer/v1/threshold_signer_service_pb.ts";
import { flipped, type TamperedWorld, type Tampering } from "../../threshold/support/tampering.ts";
import { OTHER_TENANT } from "../../threshold/support/threshold-signer.ts";
import type { GivenRequest } from "../../threshold/support/threshold-wallet.ts";
import { EcdsaWallet } from "./ecdsa-client.ts";
import { evmMessage } from "./evm-payloads.ts";

const { method } = ThresholdSignerService;
const { signEcdsaInit, signEcdsaFinalize } = method;

/** A wallet with a presignature and the right to one signature. */
async function given({ signer: { client } }: TamperedWorld) {
  const own = await EcdsaWallet.withKey(client);
  const token = await own.mint();
  const presignature = await own.presign(token);
  return { own, presignature, request: await authorised(own, token) };
}

async function authorised(own: EcdsaWallet, token: string): Promise<GivenRequest> {
  const [request] = await own.authorizeEcdsa(evmMessage().payload, token);
  if (request === undefined) throw new Error("nothing was authorised");
  return request;
}

type InitCall = ReturnType<EcdsaWallet["ecdsaInitRequest"]>;
const init = (
  field: string,
  what: string,
  outcome: string,
  change: (call: InitCall) => InitCall,
): Tampering => ({
  method: signEcdsaInit,
  field,
  what,
  outcome,
  run: async (world) => {
    const { own, presignature, request } = await given(world);
    const call = own.ecdsaInitRequest(request, presignature.id, new Uint8Array(randomBytes(32)));
    return own.client.signEcdsaInit(change(call));
  },
});

const initRequest = (
  field: string,
  what: string,
  outcome: string,
  change: (request: InitCall["request"]) => Partial<InitCall["request"]>,
) =>
  init(`request.${field}`, what, outcome, ({ caller, request }) => ({
    caller,
    request: { ...request, ...change(request) },
  }));

type FinalizeCall = ReturnType<EcdsaWallet["ecdsaFinalizeRequest"]>;
/** What was changed on its way uses nothing up: the wallet's own call is answered afterwards. */
const finalize = (
  field: string,
  what: string,
  outcome: string,
  change: (call: FinalizeCall) => FinalizeCall,
): Tampering => ({
  method: signEcdsaFinalize,
  field,
  what,
  outcome,
  run: async (world) => {
    const { own, presignature, request } = await given(world);
    const begun = await own.beginEcdsa(request, presignature);
    const call = own.ecdsaFinalizeRequest(begun);
    const tampered = own.client.signEcdsaFinalize(change(call));
    await tampered.catch(() => undefined);
    const { response } = await own.client.signEcdsaFinalize(call);
    own.combine(begun, response?.message?.data ?? new Uint8Array());
    return tampered;
  },
});

const finalizeRequest = (
  field: string,
  what: string,
  outcome: string,
  change: (request: FinalizeCall["request"]) => Partial<FinalizeCall["request"]>,
) =>
  finalize(`request.${field}`, what, outcome, ({ caller, request }) => ({
    caller,
    request: { ...request, ...change(request) },
  }));

/** A client's entropy of another hash than what the wallet sends at the end. */
const otherHash: Tampering = {
  method: signEcdsaInit,
  noticedBy: signEcdsaFinalize,
  field: "request.client_entropy_hash",
  what: "one flipped bit",
  outcome: "ROUND_MESSAGE_INVALID",
  run: async (world) => {
    const { own, presignature, request } = await given(world);
    const clientEntropy = new Uint8Array(randomBytes(32));
    const call = own.ecdsaInitRequest(request, presignature.id, clientEntropy);
    const clientEntropyHash = flipped(call.request.clientEntropyHash);
    const { response } = await own.client.signEcdsaInit({
      ...call,
      request: { ...call.request, clientEntropyHash },
    });
    const { signingSessionId = "", relayerEntropy = new Uint8Array() } = response ?? {};
    const { digest } = request;
    return own.client.signEcdsaFinalize(
      own.ecdsaFinalizeRequest({ signingSessionId, digest, presignature, clientEntropy, relayerEntropy }),
    );
  },
};

/** A key without presignatures. */
const emptyPool: Tampering = {
  method: signEcdsaInit,
  field: "request.presignature_id",
  what: "where the pool is empty",
  outcome: "PRESIGNATURE_POOL_EMPTY",
  run: async ({ signer: { client } }) => {
    const own = await EcdsaWallet.withKey(client);
    const request = await authorised(own, await own.mint());
    return client.signEcdsaInit(own.ecdsaInitRequest(request, new Uint8Array(32), new Uint8Array(32)));
  },
};

export const tamperedEcdsaRounds: readonly Tampering[] = [
  init("caller.tenant", "another tenant", "SIGNING_REQUEST_INVALID", (call) => ({
    ...call,
    caller: { ...call.caller, tenant: OTHER_TENANT },
  })),
  init("caller.user", "another user", "SIGNING_REQUEST_INVALID", (call) => ({
    ...call,
    caller: { ...call.caller, user: "user-2" },
  })),
  initRequest("request_id", "no request's id", "SIGNING_REQUEST_INVALID", () => ({
    requestId: randomUUID(),
  })),
  initRequest("key_id", "no key's id", "SIGNING_REQUEST_INVALID", ({ keyId }) => ({ keyId: `${keyId}1` })),
  initRequest("digest", "one flipped bit", "DIGEST_MISMATCH", ({ digest }) => ({ digest: flipped(digest) })),
  initRequest("presignature_id", "one flipped bit", "PRESIGNATURE_INVALID", ({ presignatureId }) => ({
    presignatureId: flipped(presignatureId),
  })),
  emptyPool,
  otherHash,

  finalize("caller.tenant", "another tenant", "SIGNING_SESSION_STALE", (call) => ({
    ...call,
    caller: { ...call.caller, tenant: OTHER_TENANT },
  })),
  finalize("caller.user", "another user", "SIGNING_SESSION_STALE", (call) => ({
    ...call,
    caller: { ...call.caller, user: "user-2" },
  })),
  finalizeRequest("signing_session_id", "no session's id", "SIGNING_SESSION_STALE", () => ({
    signingSessionId: randomUUID(),
  })),
  finalizeRequest("key_id", "no key's id", "SIGNING_SESSION_STALE", ({ keyId }) => ({
    keyId: `${keyId}1`,
  })),
  finalizeRequest("digest", "one flipped bit", "DIGEST_MISMATCH", ({ digest }) => ({
    digest: flipped(digest),
  })),
  finalizeRequest("client_entropy", "one flipped bit", "ROUND_MESSAGE_INVALID", ({ clientEntropy }) => ({
    clientEntropy: flipped(clientEntropy),
  })),
];
