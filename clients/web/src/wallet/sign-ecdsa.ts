import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  type EcdsaPayloadSchema,
  ProtocolPhase,
} from "@countersign/gen/countersign/threshold/v1/ecdsa_pb.ts";
import type { SigningRequest } from "@countersign/gen/countersign/threshold/v1/ed25519_pb.ts";
import { errorOf } from "../countersign-error.ts";
import type { EcdsaSignature } from "../vault/ecdsa-vault-api.ts";
import type { EcdsaContext } from "./make-presignature.ts";
import type { PresignaturePool } from "./presignature-pool.ts";
import { assertDigests, untilAnswered } from "./signing-requests.ts";
import type { ThresholdSessions } from "./threshold-sessions.ts";
import { fromVault, untrue } from "./wallet-errors.ts";
import type { WalletKey } from "./wallet-key.ts";

/** The payload as it is sent, and the digests that this side signs: 32 bytes each. */
export interface PreparedEcdsaPayload {
  readonly payload: MessageInitShape<typeof EcdsaPayloadSchema>;
  readonly digests: readonly Uint8Array[];
}

/** What signing takes beside the payload. */
export interface EcdsaParts {
  readonly context: EcdsaContext;
  readonly sessions: ThresholdSessions;
  readonly pool: PresignaturePool;
}

/** Reasons for which a request is tried with another presignature: its own is gone, or was reserved for too long. */
const NEEDS_ANOTHER = ["PRESIGNATURE_INVALID", "PRESIGNATURE_POOL_EMPTY", "SIGNING_SESSION_STALE"];
/** How many presignatures a request may use up. */
const MAX_PRESIGNATURES = 3;

/**
 * Signatures of the payload, in its order: authorises it, then two rounds a digest. Each signature is verified under the
 * key before it is given. Fills the pool afterwards, in the background.
 */
export async function signEcdsa(
  parts: EcdsaParts,
  key: WalletKey,
  { payload, digests }: PreparedEcdsaPayload,
  signal: AbortSignal | undefined,
): Promise<EcdsaSignature[]> {
  const { context, sessions, pool } = parts;
  const { keyId } = key;
  const { requests } = await sessions.with(key, signal, (value) =>
    context.ecdsa.authorizeEcdsa(
      { keyId, payload, authority: { case: "sessionToken", value } },
      signal === undefined ? {} : { signal },
    ),
  );
  assertDigests(requests, digests);
  await sessions.ready(key, signal);
  const signatures: EcdsaSignature[] = [];
  for (const request of requests) signatures.push(await signRequest(parts, key, request, signal));
  pool.refill(key);
  return signatures;
}

async function signRequest(
  { context, pool }: EcdsaParts,
  key: WalletKey,
  request: SigningRequest,
  signal: AbortSignal | undefined,
): Promise<EcdsaSignature> {
  for (let used = 1; ; used++) {
    const taken = await pool.take(key, request, signal);
    const { roundId } = taken;
    try {
      return await rounds(context, key, request, taken, signal);
    } catch (thrown) {
      const error = errorOf(thrown);
      if (used === MAX_PRESIGNATURES || !NEEDS_ANOTHER.includes(error.reason)) throw error;
      await pool.reconcile(key.keyId, signal);
    } finally {
      await context.vault.abandonEcdsa({ roundId });
    }
  }
}

/** SignEcdsaInit and SignEcdsaFinalize. When an answer is lost, the identical request is sent again. */
async function rounds(
  context: EcdsaContext,
  { keyId }: WalletKey,
  { requestId, digest }: SigningRequest,
  { roundId, presignatureId, clientEntropyHash }: Awaited<ReturnType<PresignaturePool["take"]>>,
  signal: AbortSignal | undefined,
): Promise<EcdsaSignature> {
  const { vault, ecdsa } = context;
  const call = signal === undefined ? {} : { signal };
  const init = { requestId, keyId, digest, presignatureId, clientEntropyHash };
  const begun = await untilAnswered(() => ecdsa.signEcdsaInit(init, call), context, signal);
  const { signingSessionId, relayerEntropy } = begun;
  const clientEntropy = await fromVault(vault.revealEcdsa({ roundId, signingSessionId, relayerEntropy }));
  const finalize = { signingSessionId, keyId, digest, clientEntropy };
  const { message } = await untilAnswered(() => ecdsa.signEcdsaFinalize(finalize, call), context, signal);
  if (message?.phase !== ProtocolPhase.SIGN) {
    throw untrue("ROUND_MESSAGE_INVALID", "the relayer sent no signature share");
  }
  return fromVault(vault.finishEcdsa({ roundId, message: message.data }));
}
