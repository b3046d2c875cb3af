import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import type { NonDelegateAction } from "@countersign/near";
import { ChainError } from "../near/chain-error.ts";
import type { Head } from "../near/head.ts";
import {
  type AccessKeyPermissionView,
  type AccessKeyView,
  type NearViews,
  NONCE_RANGE_MULTIPLIER,
} from "../near/views.ts";
import { AccessKeyReads } from "./access-key-reads.ts";
import type { DecodedDelegate, DelegateSubject } from "./delegate-subject.ts";
import type { Refusal, Rule } from "./rule.ts";

/** How far ahead of the head a delegate must and may expire, in blocks. */
export interface ExpiryWindow {
  readonly minBlocksAhead: bigint;
  readonly maxBlocksAhead: bigint;
}

/** Above every nonce that a chain of this age can take, and the most that a ledger can hold. */
const LARGEST_LEDGER_NUMBER = 2n ** 63n - 1n;

/** Whether a delegate, or another with the same key and nonce, was accepted before. */
export type WasAccepted = (network: string, delegate: DecodedDelegate) => Promise<boolean>;

/**
 * The rules that ask the chain and the ledger, in the order in which nearcore itself refuses (runtime,
 * apply_delegate_action): what passes them would execute now. They throw ChainError when the chain gives no
 * usable answer.
 */
export function chainRules(
  views: NearViews,
  head: Head,
  expiry: ExpiryWindow,
  wasAccepted: WasAccepted,
): Rule<DelegateSubject>[] {
  const keys = new AccessKeyReads((accountId, publicKey) =>
    views.accessKey(accountId, publicKey, "optimistic"),
  );
  return [
    {
      name: "expiry",
      check: async ({ decoded }) => {
        if (typeof decoded === "string") return "skip";
        return expiryRefusal(decoded.action.maxBlockHeight, (await head.get()).height, expiry);
      },
    },
    {
      name: "replay",
      isDecidedByLedger: true,
      check: (subject) => replayRefusal(subject, wasAccepted),
    },
    { name: "access_key", check: (subject) => findAccessKey(subject, keys, views) },
    {
      name: "permission",
      check: ({ decoded, accessKey }) => {
        if (typeof decoded === "string" || accessKey === undefined) return "skip";
        return permissionRefusal(accessKey.permission, decoded);
      },
    },
    {
      name: "nonce",
      check: ({ decoded, accessKey }) => {
        if (typeof decoded === "string" || accessKey === undefined) return "skip";
        return nonceRefusal(decoded.action.nonce, accessKey);
      },
    },
  ];
}

function expiryRefusal(maxBlockHeight: bigint, head: bigint, expiry: ExpiryWindow): Refusal | undefined {
  if (maxBlockHeight < head + expiry.minBlocksAhead) {
    return {
      reason: ErrorReason.DELEGATE_EXPIRED,
      message: `max_block_height ${maxBlockHeight} is below ${head + expiry.minBlocksAhead}, the head plus a margin`,
    };
  }
  if (maxBlockHeight > head + expiry.maxBlocksAhead) {
    return {
      reason: ErrorReason.DELEGATE_EXPIRES_TOO_LATE,
      message: `max_block_height ${maxBlockHeight} is above ${head + expiry.maxBlocksAhead}, the relay's horizon`,
    };
  }
  return undefined;
}

async function replayRefusal(
  { network, decoded }: DelegateSubject,
  wasAccepted: WasAccepted,
): Promise<Refusal | "skip" | undefined> {
  if (typeof decoded === "string" || decoded.action.nonce > LARGEST_LEDGER_NUMBER) return "skip";
  return (await wasAccepted(network, decoded))
    ? {
        reason: ErrorReason.DELEGATE_REPLAYED,
        message: "a delegate with this key and nonce was accepted before",
      }
    : undefined;
}

/** Asks for the key first: it implies the account, which is asked for only to say which of them is missing. */
async function findAccessKey(
  subject: DelegateSubject,
  keys: AccessKeyReads,
  views: NearViews,
): Promise<Refusal | "skip" | undefined> {
  const { decoded } = subject;
  if (typeof decoded === "string") return "skip";
  const { senderId } = decoded.action;
  try {
    subject.accessKey = await keys.get(senderId, decoded.publicKey);
    return undefined;
  } catch (error) {
    if (!(error instanceof ChainError)) throw error;
    if (error.kind !== "unknown-access-key" && error.kind !== "unknown-account") throw error;
  }
  const exists = await accountExists(views, senderId);
  return exists
    ? {
        reason: ErrorReason.ACCESS_KEY_NOT_FOUND,
        message: `account ${senderId} has no access key ${decoded.publicKey}`,
      }
    : { reason: ErrorReason.SENDER_NOT_FOUND, message: `account ${senderId} does not exist` };
}

/** Whether the account exists at the newest block. Throws ChainError when the chain cannot tell. */
export async function accountExists(views: NearViews, accountId: string): Promise<boolean> {
  try {
    await views.account(accountId, "optimistic");
    return true;
  } catch (error) {
    if (error instanceof ChainError && error.kind === "unknown-account") return false;
    throw error;
  }
}

/**
 * What a function-call key allows (nearcore, validate_delegate_action_key): one FunctionCall without deposit,
 * to its receiver, of its methods (none listed means all). The chain does not charge a delegate to the
 * allowance, which the relayer's payment spares; a key whose allowance is used up is refused all the same,
 * because its owner meant it to pay for nothing more.
 */
function permissionRefusal(
  permission: AccessKeyPermissionView,
  { action }: DecodedDelegate,
): Refusal | undefined {
  if (permission.kind === "FullAccess") return undefined;
  const call: NonDelegateAction | undefined = action.actions[0];
  if (action.actions.length !== 1 || call?.kind !== "FunctionCall") {
    return {
      reason: ErrorReason.ACCESS_KEY_ACTION_NOT_ALLOWED,
      message: "the access key allows one FunctionCall and nothing else",
    };
  }
  if (call.deposit > 0n) {
    return {
      reason: ErrorReason.ACCESS_KEY_DEPOSIT_NOT_ALLOWED,
      message: "a function-call key cannot attach a deposit",
    };
  }
  if (permission.receiverId !== action.receiverId) {
    return {
      reason: ErrorReason.ACCESS_KEY_RECEIVER_NOT_ALLOWED,
      message: `the access key is for receiver ${permission.receiverId}`,
    };
  }
  if (permission.methodNames.length > 0 && !permission.methodNames.includes(call.methodName)) {
    return {
      reason: ErrorReason.ACCESS_KEY_METHOD_NOT_ALLOWED,
      message: "the access key does not allow this method",
    };
  }
  if (permission.allowance === 0n) {
    return {
      reason: ErrorReason.ACCESS_KEY_ALLOWANCE_EXHAUSTED,
      message: "the access key's allowance is used up",
    };
  }
  return undefined;
}

/**
 * The bound is that of the block at which the key was looked at: a new key's first nonce lies so close to it that an
 * older head would refuse it.
 */
function nonceRefusal(nonce: bigint, key: AccessKeyView): Refusal | undefined {
  if (nonce <= key.nonce) {
    return {
      reason: ErrorReason.DELEGATE_NONCE_TOO_LOW,
      message: `nonce ${nonce} is not above the access key's, ${key.nonce}`,
    };
  }
  const bound = key.blockHeight * NONCE_RANGE_MULTIPLIER;
  return nonce < bound
    ? undefined
    : { reason: ErrorReason.DELEGATE_NONCE_TOO_HIGH, message: `nonce ${nonce} is not below ${bound}` };
}
