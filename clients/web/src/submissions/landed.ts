import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import type {
  CreateAccountRequestSchema,
  SubmitDelegateRequestSchema,
} from "@countersign/gen/countersign/relay/v1/relay_pb.ts";
import { decodeSignedDelegate, formatPublicKey } from "@countersign/near";
import { CountersignError, errorOf } from "../countersign-error.ts";
import type { ViewAccessKey } from "../wallet/view-access-key.ts";

/**
 * Why a delegate must not go to another relay, as the chain has it; undefined when it may still land:
 *
 * - DELEGATE_REPLAYED: the access key's nonce is the delegate's, so it landed;
 * - DELEGATE_NONCE_TOO_LOW: the nonce is beyond it; it landed, or never can;
 * - ACCESS_KEY_NOT_FOUND: the key is gone, perhaps by this very delegate, and it never can land any more.
 *
 * Throws what `near` throws otherwise, and BorshError for bytes that are no SignedDelegate.
 */
export async function delegateLanded(
  { signedDelegate = new Uint8Array() }: MessageInitShape<typeof SubmitDelegateRequestSchema>,
  near: ViewAccessKey,
  signal: AbortSignal | undefined,
): Promise<CountersignError | undefined> {
  const { senderId, publicKey, nonce } = decodeSignedDelegate(signedDelegate).delegateAction;
  let seen: bigint;
  try {
    seen = (await near(senderId, formatPublicKey(publicKey), signal)).nonce;
  } catch (thrown) {
    const error = errorOf(thrown);
    if (error.reason === "ACCESS_KEY_NOT_FOUND") return error;
    throw error;
  }
  if (seen < nonce) return undefined;
  if (seen === nonce) {
    return new CountersignError("no relay answered, and the chain has executed this delegate", {
      reason: "DELEGATE_REPLAYED",
      code: Code.AlreadyExists,
    });
  }
  return new CountersignError("no relay answered, and the access key's nonce is beyond the delegate's", {
    reason: "DELEGATE_NONCE_TOO_LOW",
    code: Code.FailedPrecondition,
  });
}

/**
 * ACCOUNT_EXISTS when the account exists with the key that it was to get; undefined otherwise: a relay refuses by itself to
 * create an account that is somebody else's. Throws what `near` throws otherwise.
 */
export async function accountLanded(
  { accountId = "", publicKey = "" }: MessageInitShape<typeof CreateAccountRequestSchema>,
  near: ViewAccessKey,
  signal: AbortSignal | undefined,
): Promise<CountersignError | undefined> {
  try {
    await near(accountId, publicKey, signal);
  } catch (thrown) {
    const error = errorOf(thrown);
    if (error.reason === "ACCESS_KEY_NOT_FOUND") return undefined;
    throw error;
  }
  return new CountersignError("no relay answered, and the account exists with this key", {
    reason: "ACCOUNT_EXISTS",
    code: Code.AlreadyExists,
  });
}
