import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import {
  attachedDeposit,
  attachedGas,
  type DelegateAction,
  delegateHash,
  type SignedDelegate,
} from "@countersign/near";
import { DomainError } from "@countersign/service-kit";
import { verifySignatureOnThread } from "../signature-threads/verify-signature.ts";
import { nameMatches, receiverMatches } from "./name-patterns.ts";
import type { DelegatePolicy } from "./policy.ts";
import { assertWithin, policyDenied } from "./refusals.ts";

/**
 * What a delegate costs the relayer at most beside gas, in yoctoNEAR: NEP-366 lets the relayer pay the inner deposits.
 * Throws SIGNER_POLICY_DENIED, SIGNER_LIMIT_EXCEEDED, and SIGNER_TRANSACTION_MALFORMED when the sender's signature does
 * not verify.
 */
export async function checkDelegate(
  { delegateAction, signature }: SignedDelegate,
  policy: DelegatePolicy,
  relayerId: string,
): Promise<bigint> {
  const { senderId, receiverId, actions } = delegateAction;
  // Its actions would be done as the relayer's account, or to it.
  if (senderId === relayerId || receiverId === relayerId) {
    throw policyDenied("a delegate may neither come from the relayer's own account nor go to it");
  }
  // It would do nothing, and cost the relayer gas.
  if (actions.length === 0) throw policyDenied("a delegate must have an inner action");
  const other = actions.find(({ kind }) => !policy.actions.includes(kind));
  if (other !== undefined) throw policyDenied(`delegates.actions does not name ${other.kind}`);
  checkReceiver(delegateAction, policy);
  const deposit = attachedDeposit(actions);
  assertWithin(policy.maxGas, attachedGas(actions), "delegates.max_gas");
  assertWithin(policy.maxDeposit, deposit, "delegates.max_deposit");
  // Last, because it costs the most.
  if (!(await verifySignatureOnThread(delegateAction.publicKey, delegateHash(delegateAction), signature))) {
    throw new DomainError(
      ErrorReason.SIGNER_TRANSACTION_MALFORMED,
      "the delegate's signature does not verify",
    );
  }
  return deposit;
}

function checkReceiver({ senderId, receiverId, actions }: DelegateAction, policy: DelegatePolicy): void {
  const receivers = policy.receivers.filter(({ account }) => receiverMatches(account, receiverId, senderId));
  if (receivers.length === 0) throw policyDenied(`delegates.receivers does not name ${receiverId}`);
  const patterns = receivers.flatMap(({ methods }) => methods);
  const mayCall = (method: string) => patterns.some((pattern) => nameMatches(pattern, method));
  // The method's name is not repeated: it is as long as the caller likes.
  if (actions.some((action) => action.kind === "FunctionCall" && !mayCall(action.methodName))) {
    throw policyDenied(`delegates.receivers does not name every method that is called at ${receiverId}`);
  }
}
