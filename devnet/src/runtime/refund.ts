import { SYSTEM_ACCOUNT } from "../chain/account-id.ts";
import { FEES } from "../chain/config.ts";
import { totalDeposit, totalPrepaidExecFees, totalPrepaidGas, totalPrepaidSendFees } from "./fees.ts";
import type { NewReceipt, ReceiptRun } from "./receipt-run.ts";

/** PublicKey::empty(KeyType::ED25519), the signer key of deposit refunds. */
const EMPTY_KEY = "ed25519:11111111111111111111111111111111";

/** Receipt::new_balance_refund (nearcore core/primitives/src/receipt.rs): also what DeleteAccount pays out with. */
export function balanceRefund(receiverId: string, deposit: bigint): NewReceipt {
  return refund(receiverId, deposit, SYSTEM_ACCOUNT, EMPTY_KEY);
}

/**
 * Adds the refunds of an executed receipt: on failure its deposits to the predecessor, and always the gas that was
 * bought and not used to the signer, whose key's allowance grows by it. Gas is refunded at the price it was bought at,
 * in full (nearcore runtime/runtime/src/lib.rs, refund_unspent_gas_and_deposits: NEP-536 with no refund penalty).
 */
export function addRefunds(run: ReceiptRun, failed: boolean): void {
  const { actions, receiverId, predecessorId, signerId, signerPublicKey, gasPrice } = run.receipt;
  const boughtGas =
    totalPrepaidGas(actions) +
    totalPrepaidSendFees(actions) +
    totalPrepaidExecFees(actions, receiverId) +
    FEES.newActionReceipt.execution;
  const deposit = failed ? totalDeposit(actions) : 0n;
  if (deposit > 0n) run.newReceipts.push(balanceRefund(predecessorId, deposit));
  const gasRefund = (boughtGas - (failed ? run.gasBurnt : run.gasUsed)) * gasPrice;
  if (gasRefund > 0n) run.newReceipts.push(refund(signerId, gasRefund, signerId, signerPublicKey));
}

function refund(receiverId: string, deposit: bigint, signerId: string, signerPublicKey: string): NewReceipt {
  return {
    predecessorId: SYSTEM_ACCOUNT,
    receiverId,
    signerId,
    signerPublicKey,
    gasPrice: 0n,
    actions: [{ kind: "Transfer", deposit }],
    inputDataIds: [],
    outputDataReceivers: [],
  };
}
