import { LIMITS, NONCE_RANGE_MULTIPLIER } from "../chain/config.ts";
import { InvalidTransaction, u64 } from "../chain/errors.ts";
import type { Account, StateReader } from "../chain/records.ts";
import type { AccessKey, Action, Permission, SignedTransaction } from "../codec/action.ts";
import { isSignedBy } from "../codec/signature.ts";
import { type TransactionCost, transactionCost } from "./fees.ts";
import { missingStorageStake } from "./storage-stake.ts";
import { actionsValidationError } from "./validate-actions.ts";

/**
 * Everything about a transaction that needs no state: its actions, size and signature, in nearcore's order
 * (runtime/runtime/src/verifier.rs, validate_transaction). Throws {@link InvalidTransaction}.
 */
export function validateTransaction(transaction: SignedTransaction): void {
  const error = actionsValidationError(transaction.actions);
  if (error !== undefined) throw new InvalidTransaction({ ActionsValidation: error });
  if (transaction.size > LIMITS.maxTransactionSize) {
    throw new InvalidTransaction({
      TransactionSizeExceeded: { size: transaction.size, limit: LIMITS.maxTransactionSize },
    });
  }
  if (!isSignedBy(transaction.publicKey, transaction.hashBytes, transaction.signature)) {
    throw new InvalidTransaction("InvalidSignature");
  }
}

/** What a valid transaction makes of its signer. */
export interface Charge {
  readonly signer: Account;
  readonly accessKey: AccessKey;
  readonly cost: TransactionCost;
}

/**
 * Nonce, balance, allowance, storage stake and permission, in nearcore's order (runtime/runtime/src/verifier.rs,
 * verify_and_charge_tx_ephemeral). `blockHeight` is undefined when a node checks a transaction that it is sent: it does
 * not know the block and skips the nonce's upper bound (chain/chain/src/runtime/mod.rs, validate_tx).
 * Throws {@link InvalidTransaction}.
 */
export function verifyAndCharge(
  transaction: SignedTransaction,
  state: StateReader,
  gasPrice: bigint,
  blockHeight: bigint | undefined,
): Charge {
  const { signerId, publicKey, receiverId, nonce } = transaction;
  const signer = state.account(signerId);
  if (signer === undefined) throw new InvalidTransaction({ SignerDoesNotExist: { signer_id: signerId } });
  const accessKey = state.accessKey(signerId, publicKey);
  if (accessKey === undefined) {
    throw invalidAccessKey({ AccessKeyNotFound: { account_id: signerId, public_key: publicKey } });
  }
  if (nonce <= accessKey.nonce) {
    throw new InvalidTransaction({ InvalidNonce: { tx_nonce: u64(nonce), ak_nonce: u64(accessKey.nonce) } });
  }
  if (blockHeight !== undefined && nonce >= blockHeight * NONCE_RANGE_MULTIPLIER) {
    throw new InvalidTransaction({
      NonceTooLarge: { tx_nonce: u64(nonce), upper_bound: u64(blockHeight * NONCE_RANGE_MULTIPLIER) },
    });
  }
  const cost = transactionCost(signerId, receiverId, transaction.actions, gasPrice);
  if (cost.totalCost >= 1n << 128n) throw new InvalidTransaction("CostOverflow");
  const amount = signer.amount - cost.totalCost;
  if (amount < 0n) {
    throw new InvalidTransaction({
      NotEnoughBalance: {
        signer_id: signerId,
        balance: signer.amount.toString(),
        cost: cost.totalCost.toString(),
      },
    });
  }
  const permission = chargeAllowance(transaction, accessKey.permission, cost.totalCost);
  const missing = missingStorageStake(signer, amount);
  if (missing > 0n) {
    throw new InvalidTransaction({
      LackBalanceForState: { signer_id: signerId, amount: missing.toString() },
    });
  }
  checkPermission(permission, receiverId, transaction.actions);
  return { signer: { ...signer, amount }, accessKey: { nonce, permission }, cost };
}

function chargeAllowance(transaction: SignedTransaction, permission: Permission, cost: bigint): Permission {
  if (permission.kind === "FullAccess" || permission.allowance === undefined) return permission;
  if (permission.allowance < cost) {
    throw invalidAccessKey({
      NotEnoughAllowance: {
        account_id: transaction.signerId,
        public_key: transaction.publicKey,
        allowance: permission.allowance.toString(),
        cost: cost.toString(),
      },
    });
  }
  return { ...permission, allowance: permission.allowance - cost };
}

function checkPermission(permission: Permission, receiverId: string, actions: readonly Action[]): void {
  if (permission.kind === "FullAccess") return;
  const [call] = actions;
  if (actions.length !== 1 || call?.kind !== "FunctionCall") throw invalidAccessKey("RequiresFullAccess");
  if (call.deposit > 0n) throw invalidAccessKey("DepositWithFunctionCall");
  if (receiverId !== permission.receiverId) {
    throw invalidAccessKey({
      ReceiverMismatch: { tx_receiver: receiverId, ak_receiver: permission.receiverId },
    });
  }
  if (permission.methodNames.length > 0 && !permission.methodNames.includes(call.methodName)) {
    throw invalidAccessKey({ MethodNameMismatch: { method_name: call.methodName } });
  }
}

function invalidAccessKey(error: string | Record<string, unknown>): InvalidTransaction {
  return new InvalidTransaction({ InvalidAccessKeyError: error });
}
