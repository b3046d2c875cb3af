import type { HeldKey } from "../lanes/lane-pool.ts";
import type { Submission } from "../ledger/ledger.ts";

/** A key that the signer is to make. */
export interface NewKey {
  readonly network: string;
  readonly accountId: string;
  readonly keyId: string;
}

/**
 * The signer, as pools of keys need it. Every call may be repeated. Each throws DomainError: with the signer's own reason
 * where it refused, SIGNER_UNAVAILABLE where it gave no answer.
 */
export interface PoolSigner {
  /** Makes a pending key. */
  generate(key: NewKey, signal: AbortSignal): Promise<HeldKey>;
  /** `nonceFloor` is the access key's nonce on the chain. */
  activate(keyId: string, nonceFloor: bigint, signal: AbortSignal): Promise<HeldKey>;
  drain(keyId: string, signal: AbortSignal): Promise<HeldKey>;
  retire(keyId: string, signal: AbortSignal): Promise<HeldKey>;
}

/** An access key that is to be put on, or taken off, a relayer's own account. */
export interface KeyChange {
  readonly kind: "add" | "delete";
  readonly accountId: string;
  readonly publicKey: string;
}

/** Access keys' changes on the chain: submissions like any other, signed by another key of the same account. */
export interface KeyChanges {
  /** Takes it on, durably. The same mark again gives the same submission. `actor` and `reason` are for the audit log. */
  submit(change: KeyChange, mark: string, actor: string, reason: string): Promise<Submission>;
  find(submissionId: string): Promise<Submission | undefined>;
}
