import type { KeyOwner } from "../threshold-store.ts";

export type PresignStage = "triples" | "triples_done" | "presign" | "done";

/** What a presign session is made of, at its beginning. */
export interface NewPresign {
  readonly id: string;
  /** The key's, as its record names it: what belongs to the key stays with it when users are merged. */
  readonly owner: KeyOwner;
  readonly keyId: string;
  readonly epoch: number;
  /** SHA-256 of the threshold session's token, in hex: the presignature is one of those that it may make. */
  readonly tokenHash: string;
  readonly expiresAt: Date;
}

/** One step of a presign session, as it is kept: version n has been answered with `answer`. */
export interface PresignStep {
  readonly stage: PresignStage;
  /** SHA-256 of the flight that was answered. */
  readonly flightHash: Uint8Array;
  /** The serialized answer: whoever repeats the flight gets it again. */
  readonly answer: Uint8Array;
  /** The run's state, which is secret; the store seals it. Whoever was given it wipes it. */
  readonly state: Uint8Array;
}

/** A presign session as it stands, for a call that names a version. */
export interface Presign extends NewPresign {
  /** Steps that were answered: from 1. */
  readonly version: number;
  /**
   * The last step, without what the call has no use for: the state is there when the call goes on from the session's
   * version, and the answer when it names the version before. A state is empty once the stage is "done", too.
   */
  readonly step: PresignStep;
}

/** A presignature's secret half, which is good for one signature. */
export interface PoolEntry {
  /** SHA-256 of the 33 bytes of R. */
  readonly id: Uint8Array;
  /** As `encodePresignature` has it; secret; the store seals it. Whoever was given it wipes it. */
  readonly state: Uint8Array;
}

/** How many presignatures may be made and held. */
export interface PresignBudget {
  /** By one threshold session. */
  readonly perSession: number;
  /** For one user of a tenant on one day (UTC). */
  readonly perUserDay: number;
  /** Held for one key, those that are being made among them. */
  readonly capacity: number;
}

export type PresignRefusal = "session spent" | "day spent" | "pool full";

/** What a signature is to be made of. */
export interface NewEcdsaSigning {
  readonly id: string;
  readonly requestId: string;
  /** The key's, as its record names it. */
  readonly owner: KeyOwner;
  readonly keyId: string;
  readonly digest: Uint8Array;
  readonly presignatureId: Uint8Array;
  /** SHA-256 of the client's 32 bytes. */
  readonly clientEntropyHash: Uint8Array;
  readonly relayerEntropy: Uint8Array;
  /** Then the presignature is destroyed. */
  readonly expiresAt: Date;
}

/** A signature between its two calls, and after them. */
export type EcdsaSigningStanding =
  | { readonly stage: "reserved"; readonly signing: NewEcdsaSigning; readonly presignature: PoolEntry }
  /** Finished: the answer to the identical call, which its hash of the client's bytes tells. */
  | { readonly stage: "done"; readonly signing: NewEcdsaSigning; readonly answer: Uint8Array }
  /** Another run, an abort or the time has destroyed it. */
  | { readonly stage: "destroyed"; readonly signing: NewEcdsaSigning };

export type Reservation =
  | { readonly kind: "reserved"; readonly signing: NewEcdsaSigning }
  /**
   * The request is unknown, over its time, finished, of another key, or has begun too often; the presignature is not the
   * key's, or not available, while others are; no presignature of the key is available.
   */
  | { readonly kind: "request invalid" | "digest mismatch" | "presignature invalid" | "pool empty" };

/**
 * What threshold ECDSA must not forget or do twice. As ThresholdStore: every change is durable before its promise
 * resolves, atomic, and the same for all signers of one database; it all dies with the store's incarnation. A
 * presignature is in one of the states available → reserved → used, or destroyed, and never goes back. It is reserved
 * once at most, so that it has one signing and one relayer's entropy for ever.
 */
export interface EcdsaStore {
  /**
   * Takes one of the session's and of the day's presignatures, and keeps the first step as version 1; or says why not,
   * and takes nothing. In a full pool the oldest presignature gives way once it has lain for ten minutes: a wallet that
   * has lost its own half of it would be shut out else. "session spent" also for a session that is gone or over. It
   * is paid before the work begins: this first step answers nothing, and its answer and state are empty.
   */
  openPresign(
    presign: NewPresign,
    step: PresignStep,
    budget: PresignBudget,
    now: Date,
  ): Promise<"opened" | PresignRefusal>;
  /**
   * What a call that names `version` needs. Undefined for one that is unknown, over its time, aborted or unreadable. Not
   * compared with any owner.
   */
  presign(id: string, version: number, now: Date): Promise<Presign | undefined>;
  /** Keeps step `version` + 1 while the session is at `version`; false when it is not, or is gone: nothing may leave then. */
  stepPresign(presign: NewPresign, version: number, step: PresignStep, now: Date): Promise<boolean>;
  /** As `stepPresign` for the last step, with the presignature put into its key's pool in the same transaction. */
  finishPresign(
    presign: NewPresign,
    version: number,
    step: PresignStep,
    entry: PoolEntry,
    now: Date,
  ): Promise<boolean>;
  /** Forgets the session and its secrets for good, and destroys what it has put into the pool unless it is used. */
  abortPresign(id: string): Promise<void>;

  /** Presignatures of a key and epoch that can be used, oldest first. */
  pool(owner: KeyOwner, keyId: string, epoch: number): Promise<readonly Uint8Array[]>;
  /**
   * Reserves a presignature for a request that is open and has this key and digest, and destroys what the request had
   * reserved before, even where it gets nothing in its place. The identical wish again, until the signing's time is
   * over, finds the first one's signing. A request begins at most `maxRuns` signings. Whose the request is, is not
   * compared: whoever owns a key owns the requests for it.
   */
  reserve(signing: NewEcdsaSigning, epoch: number, maxRuns: number, now: Date): Promise<Reservation>;
  /**
   * Undefined for one that is unknown. One that is over its time is destroyed by this look at the latest; the answer of
   * one that is done stays for a while after that.
   */
  ecdsaSigning(id: string, now: Date): Promise<EcdsaSigningStanding | undefined>;
  /**
   * Ends a reserved signing and its request with an answer; the presignature is used up and its secrets are gone. False
   * when it is not reserved any more: then nothing may be released.
   */
  finishEcdsaSigning(id: string, answer: Uint8Array, now: Date): Promise<boolean>;
}
