import { createHash } from "node:crypto";
import { baseDecode, baseEncode } from "near-api-js";
import { isNearImplicit, isSubAccountOf, isTopLevel, SYSTEM_ACCOUNT } from "../chain/account-id.ts";
import { ACCOUNT_CREATION, NONCE_RANGE_MULTIPLIER, STORAGE } from "../chain/config.ts";
import { ActionFailure } from "../chain/errors.ts";
import { type Account, NO_CODE } from "../chain/records.ts";
import type { AccessKey, Action } from "../codec/action.ts";
import { contractNameOf } from "../contracts/built-in.ts";
import { accessKeyStorage } from "./fees.ts";
import type { ReceiptRun } from "./receipt-run.ts";
import { balanceRefund } from "./refund.ts";

/** Actions on the receiver's account: nearcore runtime/runtime/src/{actions,access_keys}.rs, function by function. */

const EMPTY_ACCOUNT: Account = {
  amount: 0n,
  locked: 0n,
  storageUsage: STORAGE.accountBytes,
  codeLength: 0n,
  codeHash: NO_CODE,
  contract: undefined,
};

/** The receiver's record; the caller checked that it exists. */
export function existing(run: ReceiptRun): Account {
  if (run.account === undefined) throw new Error(`account ${run.receipt.receiverId} vanished`);
  return run.account;
}

/** `initial_nonce_value`: a key's first nonce depends on the block, so that no transaction hash comes twice. */
function initialNonce(height: bigint): bigint {
  return (height - 1n) * NONCE_RANGE_MULTIPLIER;
}

/** `action_create_account`: a sub-account by its parent only, a short top-level name by the registrar only. */
export function createAccount(run: ReceiptRun): void {
  const { receiverId, predecessorId } = run.receipt;
  if (isTopLevel(receiverId)) {
    if (
      receiverId.length < ACCOUNT_CREATION.minTopLevelLength &&
      predecessorId !== ACCOUNT_CREATION.registrar
    ) {
      throw new ActionFailure({
        CreateAccountOnlyByRegistrar: {
          account_id: receiverId,
          registrar_account_id: ACCOUNT_CREATION.registrar,
          predecessor_id: predecessorId,
        },
      });
    }
  } else if (!isSubAccountOf(receiverId, predecessorId)) {
    throw new ActionFailure({
      CreateAccountNotAllowed: { account_id: receiverId, predecessor_id: predecessorId },
    });
  }
  run.actorId = receiverId;
  run.account = EMPTY_ACCOUNT;
}

/**
 * `action_transfer_or_implicit_account_creation`; a gas refund also gives the allowance back to the key that paid
 * (`try_refund_allowance`).
 */
export function transfer(run: ReceiptRun, deposit: bigint): void {
  const { receiverId, predecessorId, signerId, signerPublicKey } = run.receipt;
  if (run.account === undefined) {
    createImplicitAccount(run, deposit);
    return;
  }
  run.account = { ...run.account, amount: run.account.amount + deposit };
  if (predecessorId !== SYSTEM_ACCOUNT || signerId !== receiverId) return;
  const accessKey = run.state.accessKey(signerId, signerPublicKey);
  if (accessKey?.permission.kind !== "FunctionCall" || accessKey.permission.allowance === undefined) return;
  const permission = { ...accessKey.permission, allowance: accessKey.permission.allowance + deposit };
  run.state.setAccessKey(signerId, signerPublicKey, { ...accessKey, permission });
}

/** `action_implicit_account_creation_transfer`: the account's name is its first full-access key. */
function createImplicitAccount(run: ReceiptRun, deposit: bigint): void {
  const { receiverId } = run.receipt;
  if (!isNearImplicit(receiverId)) throw new Error(`${receiverId} is not implicit`);
  const publicKey = `ed25519:${baseEncode(Buffer.from(receiverId, "hex"))}`;
  const accessKey: AccessKey = { nonce: initialNonce(run.block.height), permission: { kind: "FullAccess" } };
  run.state.setAccessKey(receiverId, publicKey, accessKey);
  run.actorId = receiverId;
  run.account = {
    ...EMPTY_ACCOUNT,
    amount: deposit,
    storageUsage: STORAGE.accountBytes + accessKeyStorage(publicKey, accessKey),
  };
}

/** `action_add_key`: the nonce in the action is ignored. */
export function addKey(run: ReceiptRun, action: Extract<Action, { kind: "AddKey" }>): void {
  const { receiverId } = run.receipt;
  const { publicKey } = action;
  if (run.state.accessKey(receiverId, publicKey) !== undefined) {
    throw new ActionFailure({ AddKeyAlreadyExists: { account_id: receiverId, public_key: publicKey } });
  }
  const accessKey = { nonce: initialNonce(run.block.height), permission: action.accessKey.permission };
  run.state.setAccessKey(receiverId, publicKey, accessKey);
  const account = existing(run);
  run.account = { ...account, storageUsage: account.storageUsage + accessKeyStorage(publicKey, accessKey) };
}

/** `action_delete_key`. */
export function deleteKey(run: ReceiptRun, publicKey: string): void {
  const { receiverId } = run.receipt;
  const accessKey = run.state.accessKey(receiverId, publicKey);
  if (accessKey === undefined) {
    throw new ActionFailure({ DeleteKeyDoesNotExist: { account_id: receiverId, public_key: publicKey } });
  }
  run.state.setAccessKey(receiverId, publicKey, undefined);
  const account = existing(run);
  run.account = { ...account, storageUsage: account.storageUsage - accessKeyStorage(publicKey, accessKey) };
}

/** `action_deploy_contract`: only the built-in contracts' code can be called afterwards. */
export function deployContract(run: ReceiptRun, code: Uint8Array): void {
  run.account = withCode(existing(run), code);
}

/** The account with other code on it. */
export function withCode(account: Account, code: Uint8Array): Account {
  return {
    ...account,
    storageUsage: account.storageUsage - account.codeLength + BigInt(code.length),
    codeLength: BigInt(code.length),
    codeHash: baseEncode(createHash("sha256").update(code).digest()),
    contract: contractNameOf(code),
  };
}

/** `action_delete_account`: what it owned goes to the beneficiary as a refund, which creates no account. */
export function deleteAccount(run: ReceiptRun, beneficiaryId: string): void {
  const { receiverId, predecessorId } = run.receipt;
  const account = existing(run);
  if (account.storageUsage - account.codeLength > STORAGE.maxDeletableBytes) {
    throw new ActionFailure({ DeleteAccountWithLargeState: { account_id: receiverId } });
  }
  if (account.amount > 0n) run.newReceipts.push(balanceRefund(beneficiaryId, account.amount));
  run.state.removeAccount(receiverId);
  run.actorId = predecessorId;
  run.account = undefined;
}

/** `action_stake`. The devnet has one validator for good, so that every stake is below its minimum. */
export function stake(run: ReceiptRun, amount: bigint): void {
  const { receiverId: account_id } = run.receipt;
  const account = existing(run);
  if (amount > account.amount) {
    throw new ActionFailure({
      TriesToStake: { account_id, stake: amount.toString(), locked: "0", balance: account.amount.toString() },
    });
  }
  if (amount === 0n) throw new ActionFailure({ TriesToUnstake: { account_id } });
  throw new ActionFailure({
    InsufficientStake: { account_id, stake: amount.toString(), minimum_stake: (amount + 1n).toString() },
  });
}

/** A record for genesis, with full-access or restricted keys. */
export function emptyAccount(amount: bigint): Account {
  return { ...EMPTY_ACCOUNT, amount };
}

/** The Ed25519 key that an implicit account's name stands for, as 32 bytes in base58. */
export function implicitAccountOf(publicKey: string): string {
  return Buffer.from(baseDecode(publicKey.slice("ed25519:".length))).toString("hex");
}
