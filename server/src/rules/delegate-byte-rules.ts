import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { verifySignature } from "@countersign/near/verify-native";
import { actionDefect } from "./action-limits.ts";
import type { DecodedDelegate, DecodeFailure, DelegateSubject } from "./delegate-subject.ts";
import { foreignAccountRefusal, networkRefusal } from "./network.ts";
import type { Refusal, Rule } from "./rule.ts";

/** What a relay takes, whatever the chain's state. Gas in gas units, deposits in yoctoNEAR. */
export interface DelegateLimits {
  readonly maxBytes: number;
  readonly maxActions: number;
  readonly maxGas: bigint;
  readonly maxDeposit: bigint;
}

const DECODE_REFUSALS: Readonly<Record<DecodeFailure, Refusal>> = {
  malformed: {
    reason: ErrorReason.DELEGATE_MALFORMED,
    message: "signed_delegate is not the borsh encoding of one SignedDelegate",
  },
  unsupported: {
    reason: ErrorReason.DELEGATE_ACTION_UNSUPPORTED,
    message: "the delegate holds an action that this relay does not know",
  },
  nested: { reason: ErrorReason.DELEGATE_NESTED, message: "a delegate cannot hold a delegate" },
};

type Check = (delegate: DecodedDelegate) => Refusal | undefined;

function ofDecoded(name: string, check: Check): Rule<DelegateSubject> {
  return { name, check: ({ decoded }) => (typeof decoded === "string" ? "skip" : check(decoded)) };
}

/** The rules that need the bytes alone. They cost nothing but time, so they come first. */
export function byteRules(
  network: string,
  foreignSuffixes: readonly string[],
  limits: DelegateLimits,
): Rule<DelegateSubject>[] {
  return [
    { name: "network", check: (subject) => networkRefusal(network, subject.network) },
    {
      name: "size",
      check: ({ bytes }) =>
        bytes.length > limits.maxBytes
          ? {
              reason: ErrorReason.REQUEST_TOO_LARGE,
              message: `signed_delegate has ${bytes.length} bytes, more than ${limits.maxBytes}`,
            }
          : undefined,
    },
    {
      name: "encoding",
      check: ({ decoded }) => (typeof decoded === "string" ? DECODE_REFUSALS[decoded] : undefined),
    },
    ofDecoded("account_network", ({ action }) =>
      foreignAccountRefusal(foreignSuffixes, network, [action.senderId, action.receiverId]),
    ),
    ofDecoded("action_count", ({ action }) =>
      action.actions.length === 0 || action.actions.length > limits.maxActions
        ? {
            reason: ErrorReason.DELEGATE_ACTION_COUNT,
            message: `the delegate holds ${action.actions.length} actions; 1 to ${limits.maxActions} are taken`,
          }
        : undefined,
    ),
    ofDecoded("actions", ({ action }) => {
      const defect = actionDefect(action.actions);
      return defect === undefined
        ? undefined
        : { reason: ErrorReason.DELEGATE_ACTION_INVALID, message: defect };
    }),
    ofDecoded("gas", ({ gas }) =>
      gas > limits.maxGas
        ? {
            reason: ErrorReason.DELEGATE_GAS_TOO_HIGH,
            message: `the actions attach ${gas} gas, more than ${limits.maxGas}`,
          }
        : undefined,
    ),
    ofDecoded("deposit", ({ deposit }) =>
      deposit > limits.maxDeposit
        ? {
            reason: ErrorReason.DELEGATE_DEPOSIT_TOO_HIGH,
            message: `the actions move ${deposit} yoctoNEAR, which the relayer would pay; at most ${limits.maxDeposit} is`,
          }
        : undefined,
    ),
    ofDecoded("signature", ({ action, hash, signed }) =>
      verifySignature(action.publicKey, hash, signed.signature)
        ? undefined
        : {
            reason: ErrorReason.DELEGATE_SIGNATURE_INVALID,
            message: "the signature is not the public key's over the delegate",
          },
    ),
  ];
}
