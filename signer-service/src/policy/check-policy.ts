import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import {
  BorshError,
  decodeTransaction,
  type PublicKey,
  TooManyActionsError,
  type Transaction,
} from "@countersign/near";
import { DomainError } from "@countersign/service-kit";
import type { AdminGrant } from "../grants/admin-grants.ts";
import type { Purpose } from "../journal/journal.ts";
import type { KeyRecord } from "../keys/key-records.ts";
import type { RelayerKey } from "../relayer-signer/key-backend.ts";
import { checkNewAccount, checkRegistrarCall } from "./account-creation-rules.ts";
import { checkDelegate } from "./delegate-rules.ts";
import { gasBound } from "./gas-bound.ts";
import { deriveIntent } from "./intent.ts";
import { checkKeyChanges } from "./key-management-rules.ts";
import type { KeyPolicy } from "./policy.ts";
import { assertWithin, policyDenied, purposeNotAllowed } from "./refusals.ts";

/** The contract's own bound on a transaction, in bytes. */
const MAX_TRANSACTION_BYTES = 196_608;

/** What the key management rules need to know, as it is at this moment. */
export interface KeyManagementFacts {
  /** The records of the keys that the signer holds. */
  readonly heldRecords: readonly KeyRecord[];
  /** Admin grants that were verified and hold (grants/admin-grant-signature.ts). */
  readonly grants: readonly AdminGrant[];
}

/** What a transaction is checked against. */
export interface PolicyCheck {
  /** The network that the call is for. */
  readonly network: string;
  readonly key: RelayerKey;
  /** Undefined when no policy names the key. */
  readonly policy: KeyPolicy | undefined;
  /** What the relay's grant says that the transaction is for; null where the signer asks for no grants. */
  readonly grantedPurpose: Purpose | null;
  /** Asked only for a transaction that adds or deletes keys. */
  readonly keyManagementFacts: () => Promise<KeyManagementFacts>;
}

/** What the journal must know of a transaction that the policy allows. */
export interface CheckedTransaction {
  readonly purpose: Purpose;
  readonly nonce: bigint;
  /** yoctoNEAR that the relayer's account pays beside gas. */
  readonly deposit: bigint;
  /** The most gas that it can cost. */
  readonly gas: bigint;
}

/**
 * Whether the key may sign these borsh bytes of an unsigned transaction. What they are for is derived from them alone,
 * and whatever the policy does not name is refused. Throws a DomainError: SIGNER_NETWORK_MISMATCH,
 * SIGNER_TRANSACTION_MALFORMED, SIGNER_ACCOUNT_MISMATCH, SIGNER_PUBLIC_KEY_MISMATCH, SIGNER_PURPOSE_NOT_ALLOWED,
 * SIGNER_POLICY_DENIED, SIGNER_LIMIT_EXCEEDED or SIGNER_GRANT_INVALID, and what `keyManagementFacts` throws.
 */
export async function checkTransaction(bytes: Uint8Array, check: PolicyCheck): Promise<CheckedTransaction> {
  const { network, key, policy, grantedPurpose } = check;
  if (policy === undefined) throw purposeNotAllowed("anything: there is none");
  assertNetwork(network, key, policy);
  assertAccount(key, policy);
  const transaction = decode(bytes, policy.maxActions);
  assertOwn(transaction, key);
  const { purpose, deposit } = await checkIntent(transaction, policy, check);
  if (grantedPurpose !== null && grantedPurpose !== purpose) {
    throw new DomainError(
      ErrorReason.SIGNER_GRANT_INVALID,
      `the grant is for ${grantedPurpose}, the transaction is for ${purpose}`,
    );
  }
  return { purpose, deposit, nonce: transaction.nonce, gas: gasBound(transaction.actions, bytes.length) };
}

async function checkIntent(
  transaction: Transaction,
  policy: KeyPolicy,
  { key, keyManagementFacts }: PolicyCheck,
): Promise<{ purpose: Purpose; deposit: bigint }> {
  const intent = deriveIntent(transaction);
  switch (intent.kind) {
    case "delegate": {
      if (policy.delegates === undefined) throw purposeNotAllowed("delegates");
      const deposit = await checkDelegate(intent.signedDelegate, policy.delegates, key.accountId);
      return { purpose: "DELEGATE", deposit };
    }
    case "sub_account":
      if (policy.accountCreation === undefined) throw purposeNotAllowed("account creation");
      checkNewAccount(intent.accountId, intent.deposit, policy.accountCreation);
      return { purpose: "ACCOUNT_CREATION", deposit: intent.deposit };
    case "call":
      checkRegistrarCall(intent.receiverId, intent.call, policy.accountCreation);
      return { purpose: "ACCOUNT_CREATION", deposit: intent.call.deposit };
    case "key_changes": {
      if (!policy.keyManagement) throw purposeNotAllowed("key management");
      const { heldRecords, grants } = await keyManagementFacts();
      checkKeyChanges(intent.changes, key, heldRecords, grants);
      return { purpose: "KEY_MANAGEMENT", deposit: 0n };
    }
    case "transfer":
      if (policy.transfers === undefined) throw purposeNotAllowed("transfers");
      if (!policy.transfers.receivers.includes(intent.receiverId)) {
        throw policyDenied(`transfers.receivers does not name ${intent.receiverId}`);
      }
      assertWithin(policy.transfers.maxDeposit, intent.deposit, "transfers.max_deposit");
      return { purpose: "TRANSFER", deposit: intent.deposit };
  }
}

/** NEAR's bytes carry no network: only the key and its policy say which one a signature is good for. */
function assertNetwork(network: string, key: RelayerKey, policy: KeyPolicy): void {
  if (key.network === network && policy.network === network) return;
  throw new DomainError(
    ErrorReason.SIGNER_NETWORK_MISMATCH,
    `key ${key.keyId} belongs to network ${key.network}, not to the request's`,
  );
}

/** Id and account of a key may come from the store, the policy's account does not: a swap of two ids ends here. */
function assertAccount(key: RelayerKey, policy: KeyPolicy): void {
  if (key.accountId === policy.accountId) return;
  throw new DomainError(
    ErrorReason.SIGNER_ACCOUNT_MISMATCH,
    `the policy of key ${key.keyId} is for account ${policy.accountId}, the key is of ${key.accountId}`,
  );
}

function decode(bytes: Uint8Array, maxActions: number): Transaction {
  if (bytes.length > MAX_TRANSACTION_BYTES) {
    throw malformed(`a transaction has at most ${MAX_TRANSACTION_BYTES} bytes`);
  }
  try {
    return decodeTransaction(bytes, maxActions);
  } catch (error) {
    if (error instanceof TooManyActionsError) {
      throw new DomainError(ErrorReason.SIGNER_LIMIT_EXCEEDED, `max_actions: ${error.message}`);
    }
    if (!(error instanceof BorshError)) throw error;
    throw malformed(`not an unsigned transaction that the signer understands: ${error.message}`);
  }
}

function assertOwn({ signerId, publicKey }: Transaction, key: RelayerKey): void {
  if (signerId !== key.accountId) {
    throw new DomainError(
      ErrorReason.SIGNER_ACCOUNT_MISMATCH,
      `the transaction is signed by ${signerId}, key ${key.keyId} belongs to ${key.accountId}`,
    );
  }
  if (!isSameKey(publicKey, key.publicKey)) {
    throw new DomainError(
      ErrorReason.SIGNER_PUBLIC_KEY_MISMATCH,
      `the transaction's public key is not that of key ${key.keyId}`,
    );
  }
}

function isSameKey(a: PublicKey, b: PublicKey): boolean {
  return a.type === b.type && Buffer.compare(a.data, b.data) === 0;
}

function malformed(message: string): DomainError {
  return new DomainError(ErrorReason.SIGNER_TRANSACTION_MALFORMED, message);
}
