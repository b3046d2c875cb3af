import { ThresholdSignerService } from "@countersign/gen/countersign/signer/v1/threshold_signer_service_pb.ts";
import { delegate } from "./payloads.ts";
import { IDENTITY, NOT_CANONICAL, ORDER, SMALL_ORDER } from "./points.ts";
import { flipped, type TamperedWorld, type Tampering } from "./tampering.ts";
import { OTHER_TENANT } from "./threshold-signer.ts";
import type { BegunRound, GivenRequest, ThresholdWallet } from "./threshold-wallet.ts";

const { method } = ThresholdSignerService;
const { signEd25519Init, signEd25519Finalize } = method;

/** A wallet and the right to one signature of it. */
async function given({ wallet }: TamperedWorld): Promise<{ own: ThresholdWallet; request: GivenRequest }> {
  const own = await wallet();
  const [request] = await own.authorize(delegate(own).payload, await own.mint());
  if (request === undefined) throw new Error("nothing was authorised");
  return { own, request };
}

type InitCall = ReturnType<ThresholdWallet["initRequest"]>["call"];
const init = (
  field: string,
  what: string,
  outcome: string,
  change: (call: InitCall, world: TamperedWorld) => InitCall | Promise<InitCall>,
): Tampering => ({
  method: signEd25519Init,
  field,
  what,
  outcome,
  run: async (world) => {
    const { own, request } = await given(world);
    return world.signer.client.signEd25519Init(await change(own.initRequest(request).call, world));
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

const COMMITMENTS = (["hiding", "binding"] as const).flatMap((field) =>
  (
    [
      ["the identity", IDENTITY],
      ["a point of small order", SMALL_ORDER],
      ["no point", NOT_CANONICAL],
    ] as const
  ).map(([what, point]) =>
    initRequest(`client_commitments.${field}`, what, "ROUND_MESSAGE_INVALID", ({ clientCommitments }) => ({
      clientCommitments: { ...clientCommitments, [field]: point },
    })),
  ),
);

/** Commitments that are points, and not those of the wallet's nonces: its share then does not verify. */
const foreignCommitments = (field: "hiding" | "binding"): Tampering => ({
  method: signEd25519Init,
  noticedBy: signEd25519Finalize,
  field: `request.client_commitments.${field}`,
  what: "another point of the group",
  outcome: "SIGNATURE_SHARE_INVALID",
  run: async (world) => {
    const { own, request } = await given(world);
    const { client } = world.signer;
    const { nonces, call } = own.initRequest(request);
    const point = own.initRequest(request).call.request.clientCommitments[field];
    const clientCommitments = { ...call.request.clientCommitments, [field]: point };
    const { response } = await client.signEd25519Init({
      ...call,
      request: { ...call.request, clientCommitments },
    });
    const { signingSessionId = "", relayerCommitments } = response ?? {};
    if (relayerCommitments === undefined) throw new Error("no commitments");
    const round = { nonces, digest: request.digest, relayerCommitments, signingSessionId };
    return client.signEd25519Finalize(
      own.finalizeRequest({ ...round, clientCommitments: call.request.clientCommitments }),
    );
  },
});

type FinalizeCall = ReturnType<ThresholdWallet["finalizeRequest"]>;
/** `then` is what the wallet's own call, unchanged, answers afterwards. */
const finalize = (
  field: string,
  what: string,
  outcome: string,
  then: "answered" | "stale",
  change: (call: FinalizeCall, world: TamperedWorld) => FinalizeCall | Promise<FinalizeCall>,
): Tampering => ({
  method: signEd25519Finalize,
  field,
  what: `${what}, and the wallet's own call is ${then}`,
  outcome,
  run: async (world) => {
    const { own, request } = await given(world);
    const { client } = world.signer;
    const call = own.finalizeRequest(await own.init(request));
    const answer = await Promise.allSettled([client.signEd25519Finalize(await change(call, world))]);
    const after = await client.signEd25519Finalize(call).then(
      () => "answered",
      () => "stale",
    );
    if (after !== then) throw new Error(`the wallet's own call is ${after}`);
    for (const one of answer) if (one.status === "rejected") throw one.reason;
  },
});
const finalizeRequest = (
  field: string,
  what: string,
  outcome: string,
  then: "answered" | "stale",
  change: (request: FinalizeCall["request"]) => Partial<FinalizeCall["request"]>,
) =>
  finalize(`request.${field}`, what, outcome, then, ({ caller, request }) => ({
    caller,
    request: { ...request, ...change(request) },
  }));

export const tamperedRounds: readonly Tampering[] = [
  init("caller.tenant", "another tenant", "SIGNING_REQUEST_INVALID", (call) => ({
    ...call,
    caller: { ...call.caller, tenant: OTHER_TENANT },
  })),
  init("caller.user", "another user", "SIGNING_REQUEST_INVALID", (call) => ({
    ...call,
    caller: { ...call.caller, user: "user-2" },
  })),
  initRequest("request_id", "no request's id", "SIGNING_REQUEST_INVALID", ({ requestId }) => ({
    requestId: `${requestId}1`,
  })),
  init(
    "request.key_id",
    "another key of the user",
    "SIGNING_REQUEST_INVALID",
    async ({ caller, request }, world) => ({
      caller,
      request: { ...request, keyId: (await world.wallet()).keyId },
    }),
  ),
  initRequest("digest", "another digest", "DIGEST_MISMATCH", ({ digest }) => ({ digest: flipped(digest) })),
  ...COMMITMENTS,
  foreignCommitments("hiding"),
  foreignCommitments("binding"),

  finalize("caller.tenant", "another tenant", "SIGNING_SESSION_STALE", "answered", (call) => ({
    ...call,
    caller: { ...call.caller, tenant: OTHER_TENANT },
  })),
  finalize("caller.user", "another user", "SIGNING_SESSION_STALE", "answered", (call) => ({
    ...call,
    caller: { ...call.caller, user: "user-2" },
  })),
  finalizeRequest(
    "signing_session_id",
    "no session's id",
    "SIGNING_SESSION_STALE",
    "answered",
    (request) => ({
      signingSessionId: `${request.signingSessionId}1`,
    }),
  ),
  finalize(
    "request.signing_session_id",
    "another caller's session",
    "SIGNING_SESSION_STALE",
    "answered",
    async ({ caller, request }, { wallet }) => {
      const other = await wallet({ user: "user-2" });
      const [theirs] = await other.authorize(delegate(other).payload, await other.mint());
      const { signingSessionId }: BegunRound = await other.init(
        theirs ?? { requestId: "", digest: request.digest },
      );
      return { caller, request: { ...request, signingSessionId } };
    },
  ),
  finalize(
    "request.key_id",
    "another key of the user",
    "SIGNING_SESSION_STALE",
    "answered",
    async (call, world) => ({
      ...call,
      request: { ...call.request, keyId: (await world.wallet()).keyId },
    }),
  ),
  finalizeRequest("digest", "another digest", "DIGEST_MISMATCH", "answered", ({ digest }) => ({
    digest: flipped(digest),
  })),
  finalizeRequest(
    "client_signature_share",
    "one flipped bit",
    "SIGNATURE_SHARE_INVALID",
    "stale",
    (request) => ({
      clientSignatureShare: flipped(request.clientSignatureShare),
    }),
  ),
  finalizeRequest("client_signature_share", "no scalar", "ROUND_MESSAGE_INVALID", "stale", () => ({
    clientSignatureShare: ORDER,
  })),
];
