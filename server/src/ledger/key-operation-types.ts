import type { AuditEvent } from "./audit-types.ts";

/** What an operation on a relayer's access keys is for. */
export type KeyOperationKind = "ADD" | "DRAIN" | "ROTATE";

/** How far an operation has come; the last two are its ends. */
export const KEY_OPERATION_STEPS = [
  "GENERATING",
  "ADDING",
  "ACTIVATING",
  "DRAINING",
  "DELETING",
  "RETIRING",
  "DONE",
  "CANCELLED",
] as const;

export type KeyOperationStep = (typeof KEY_OPERATION_STEPS)[number];

/** Something that is done to the access keys of a relayer's account, step by step. */
export interface KeyOperation {
  /** Unique; ids made later sort later. */
  readonly id: string;
  readonly network: string;
  readonly accountId: string;
  readonly kind: KeyOperationKind;
  readonly step: KeyOperationStep;
  /** The key that is added, by its name at the signer; empty for DRAIN. */
  readonly newKeyId: string;
  /** Empty until the signer has made it. */
  readonly newPublicKey: string;
  /** The key that goes; empty for ADD. */
  readonly oldKeyId: string;
  readonly oldPublicKey: string;
  /** What brings the step to the chain; empty for nothing yet. */
  readonly submissionId: string;
  /** How many submissions of this step have come to nothing. */
  readonly failedSubmissions: number;
  /** How often in a row the step failed. */
  readonly tries: number;
  /** Why the step could not be done when it was tried last; empty when nothing is wrong. */
  readonly problem: string;
  /** Not tried again before. */
  readonly tryAt: Date;
  /** "admin:NAME" or "relay". */
  readonly actor: string;
  readonly reason: string;
  readonly createdAt: Date;
  /** When it came to its step. */
  readonly stepAt: Date;
  /** Null while open. */
  readonly endedAt: Date | null;
  /** 1 for a new one, rising with each change. */
  readonly version: number;
}

/** What a change of an operation may set. */
export type KeyOperationChange = Partial<
  Pick<
    KeyOperation,
    | "step"
    | "newPublicKey"
    | "submissionId"
    | "failedSubmissions"
    | "tries"
    | "problem"
    | "tryAt"
    | "stepAt"
    | "endedAt"
  >
>;

/** Operations on the relayers' access keys. An account has one at a time. */
export interface KeyOperationStore {
  /**
   * Stores an operation as "started". "running": the account has another one that is not at its end, which is answered.
   */
  startKeyOperation(
    operation: KeyOperation,
    audit: AuditEvent,
  ): Promise<{ readonly outcome: "started" | "running"; readonly operation: KeyOperation }>;
  findKeyOperation(network: string, id: string): Promise<KeyOperation | undefined>;
  /** Those that are not at their end, oldest first. */
  openKeyOperations(network: string): Promise<KeyOperation[]>;
  /** Newest first. */
  listKeyOperations(network: string, accountId: string, limit: number): Promise<KeyOperation[]>;
  /**
   * Changes an operation that is as the caller saw it, and raises its version; undefined, with nothing written, when
   * somebody else has changed it since. `audit` is null for what the log does not record.
   */
  changeKeyOperation(
    seen: Pick<KeyOperation, "id" | "version">,
    change: KeyOperationChange,
    audit: AuditEvent | null,
  ): Promise<KeyOperation | undefined>;
  /** How many submissions are in the hands of an account's keys and not at their end; keys without any are absent. */
  openByKey(network: string, accountId: string): Promise<ReadonlyMap<string, number>>;
  /** The change of an account's keys that is not at its end; undefined for none. */
  openKeyChange(network: string, accountId: string): Promise<string | undefined>;
}
