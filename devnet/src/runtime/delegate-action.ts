import { FEES, NONCE_RANGE_MULTIPLIER } from "../chain/config.ts";
import { ActionFailure, type ErrorVariant, u64 } from "../chain/errors.ts";
import type { DelegateAction, SignedDelegateAction } from "../codec/action.ts";
import { isSignedBy } from "../codec/signature.ts";
import { totalPrepaidExecFees, totalPrepaidGas, totalPrepaidSendFees } from "./fees.ts";
import type { ReceiptRun } from "./receipt-run.ts";

/**
 * NEP-366 on the sender's account: checks the delegate in nearcore's order and sends its actions on in a receipt of
 * their own, whose predecessor is the sender and whose signer is the relayer. The relayer bought the gas and brought
 * the deposits; if that receipt fails its deposits go to the sender and its gas to the relayer.
 * nearcore runtime/runtime/src/actions.rs, apply_delegate_action.
 */
export function applyDelegate(run: ReceiptRun, action: SignedDelegateAction): void {
  const { delegate } = action;
  const senderId = run.receipt.receiverId;
  if (!isSignedBy(delegate.publicKey, action.signedHash, action.signature)) {
    throw new ActionFailure("DelegateActionInvalidSignature");
  }
  if (run.block.height > delegate.maxBlockHeight) throw new ActionFailure("DelegateActionExpired");
  if (delegate.senderId !== senderId) {
    throw new ActionFailure({
      DelegateActionSenderDoesNotMatchTxReceiver: { sender_id: delegate.senderId, receiver_id: senderId },
    });
  }
  useKey(run, delegate);
  const { signerId, signerPublicKey, gasPrice } = run.receipt;
  run.newReceipts.push({
    predecessorId: senderId,
    receiverId: delegate.receiverId,
    signerId,
    signerPublicKey,
    gasPrice,
    actions: delegate.actions,
    inputDataIds: [],
    outputDataReceivers: [],
  });
  // The new receipt burns this gas (receipt_required_gas); counted as used, or it would be refunded here.
  const requiredGas =
    totalPrepaidExecFees(delegate.actions, delegate.receiverId) +
    totalPrepaidGas(delegate.actions) +
    FEES.newActionReceipt.execution;
  const sendFees = totalPrepaidSendFees(run.receipt.actions);
  run.gasUsed += requiredGas + sendFees;
  run.gasBurnt += sendFees;
}

/** `validate_delegate_action_key`: the nonce is used up unless the receipt fails, which rolls it back. */
function useKey(run: ReceiptRun, delegate: DelegateAction): void {
  const { senderId, publicKey, nonce } = delegate;
  const accessKey = run.state.accessKey(senderId, publicKey);
  if (accessKey === undefined) {
    throw keyError({ AccessKeyNotFound: { account_id: senderId, public_key: publicKey } });
  }
  if (nonce <= accessKey.nonce) {
    throw new ActionFailure({
      DelegateActionInvalidNonce: { delegate_nonce: u64(nonce), ak_nonce: u64(accessKey.nonce) },
    });
  }
  const upperBound = run.block.height * NONCE_RANGE_MULTIPLIER;
  if (nonce >= upperBound) {
    throw new ActionFailure({
      DelegateActionNonceTooLarge: { delegate_nonce: u64(nonce), upper_bound: u64(upperBound) },
    });
  }
  checkPermission(delegate, accessKey.permission);
  run.state.setAccessKey(senderId, publicKey, { ...accessKey, nonce });
}

/** The allowance is not looked at: it is the relayer who pays. */
function checkPermission(
  delegate: DelegateAction,
  permission: { kind: "FullAccess" } | FunctionCallPermission,
): void {
  if (permission.kind === "FullAccess") return;
  const [call] = delegate.actions;
  if (delegate.actions.length !== 1 || call?.kind !== "FunctionCall") throw keyError("RequiresFullAccess");
  if (delegate.receiverId !== permission.receiverId) {
    throw keyError({
      ReceiverMismatch: { tx_receiver: delegate.receiverId, ak_receiver: permission.receiverId },
    });
  }
  if (permission.methodNames.length > 0 && !permission.methodNames.includes(call.methodName)) {
    throw keyError({ MethodNameMismatch: { method_name: call.methodName } });
  }
  // nearcore sets this error and goes on, so that the two above win over it.
  if (call.deposit > 0n) throw keyError("DepositWithFunctionCall");
}

interface FunctionCallPermission {
  readonly kind: "FunctionCall";
  readonly receiverId: string;
  readonly methodNames: readonly string[];
}

function keyError(error: ErrorVariant): ActionFailure {
  return new ActionFailure({ DelegateActionAccessKeyError: error });
}
