import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import type {
  SignFinalizeRequestSchema,
  SignFinalizeResponse,
  SignInitResponse,
  SigningRequest,
} from "@countersign/gen/countersign/threshold/v1/ed25519_pb.ts";
import { CountersignError, errorOf } from "../countersign-error.ts";
import { waitFor } from "../retrying-transport.ts";
import { type PreparedPayload, preparePayload, type SigningPayload } from "./payload.ts";
import { assertDigests, pauseBeforeAnother, untilAnswered } from "./signing-requests.ts";
import type { ThresholdSessions } from "./threshold-sessions.ts";
import type { WalletContext } from "./wallet-context.ts";
import { fromVault, untrue } from "./wallet-errors.ts";
import type { WalletKey } from "./wallet-key.ts";

/**
 * Signatures of the payload, 64 bytes each, in its order: authorises it, then two rounds a digest. A session that is over
 * is minted again once; nothing else takes the threshold key's place. Each signature is verified before it is given.
 */
export async function signPayload(
  context: WalletContext,
  sessions: ThresholdSessions,
  key: WalletKey,
  what: SigningPayload,
  signal: AbortSignal | undefined,
): Promise<Uint8Array[]> {
  const prepared = encoded(what);
  const requests = await authorize(context, sessions, key, prepared, signal);
  await sessions.ready(key, signal);
  const signatures: Uint8Array[] = [];
  for (const request of requests) signatures.push(await sign(context, key, request, signal));
  return signatures;
}

function encoded(what: SigningPayload): PreparedPayload {
  try {
    return preparePayload(what);
  } catch (cause) {
    const failure = { reason: "PAYLOAD_MALFORMED", code: Code.InvalidArgument, cause } as const;
    throw new CountersignError("the payload cannot be encoded", failure);
  }
}

async function authorize(
  { signing }: WalletContext,
  sessions: ThresholdSessions,
  key: WalletKey,
  { payload, digests }: PreparedPayload,
  signal: AbortSignal | undefined,
): Promise<readonly SigningRequest[]> {
  const { requests } = await sessions.with(key, signal, (token) =>
    signing.authorize(
      { keyId: key.keyId, payload, authority: { case: "sessionToken", value: token } },
      signal === undefined ? {} : { signal },
    ),
  );
  assertDigests(requests, digests);
  return requests;
}

/** How many runs a request may take. */
const MAX_RUNS = 3;

/**
 * One signature. An attempt to begin whose answer was lost may reach the signer late, and ends the run that came after it:
 * then another one is begun, with nonces of its own.
 */
async function sign(
  context: WalletContext,
  key: WalletKey,
  request: SigningRequest,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  for (let runs = 1; ; runs++) {
    try {
      return await run(context, key, request, signal);
    } catch (thrown) {
      const error = errorOf(thrown);
      if (runs === MAX_RUNS || error.reason !== "SIGNING_SESSION_STALE") throw error;
    }
  }
}

/** Two rounds. Whatever happens, their nonces are gone afterwards. */
async function run(
  context: WalletContext,
  key: WalletKey,
  request: SigningRequest,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const { vault } = context;
  const { roundId, begun } = await beginRound(context, key, request, signal);
  try {
    const { signingSessionId, relayerCommitments, relayerVerifyingShare } = begun;
    if (relayerCommitments === undefined) {
      throw untrue("ROUND_MESSAGE_INVALID", "the relayer sent no commitments");
    }
    const { hiding, binding } = relayerCommitments;
    const clientSignatureShare = await fromVault(
      vault.answer({ roundId, relayerCommitments: { hiding, binding }, relayerVerifyingShare }),
    );
    const { keyId } = key;
    const { digest } = request;
    const ended = await finalize(context, { signingSessionId, keyId, digest, clientSignatureShare }, signal);
    const { relayerSignatureShare, signature } = ended;
    return await fromVault(vault.finish({ roundId, relayerSignatureShare, signature }));
  } finally {
    await vault.abandon({ roundId });
  }
}

/** SignInit. When its answer is lost, the next attempt has nonces of its own; those of the lost one are erased. */
async function beginRound(
  { vault, signing, policy, clock }: WalletContext,
  { keyId }: WalletKey,
  { requestId, digest }: SigningRequest,
  signal: AbortSignal | undefined,
): Promise<{ readonly roundId: number; readonly begun: SignInitResponse }> {
  const call = signal === undefined ? {} : { signal };
  for (let failures = 1; ; failures++) {
    const { roundId, commitments } = await fromVault(vault.commit({ keyId, digest }));
    try {
      const request = { requestId, keyId, digest, clientCommitments: commitments };
      return { roundId, begun: await signing.signInit(request, call) };
    } catch (thrown) {
      await vault.abandon({ roundId });
      const error = errorOf(thrown);
      const pause = pauseBeforeAnother(error, failures, policy, clock.random);
      if (pause === undefined) throw error;
      await waitFor(pause, signal, clock);
    }
  }
}

/** SignFinalize. When its answer is lost, the identical request is sent again: the signer gives the identical answer. */
async function finalize(
  context: WalletContext,
  request: MessageInitShape<typeof SignFinalizeRequestSchema>,
  signal: AbortSignal | undefined,
): Promise<SignFinalizeResponse> {
  const call = signal === undefined ? {} : { signal };
  return untilAnswered(() => context.signing.signFinalize(request, call), context, signal);
}
