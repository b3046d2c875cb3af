import type { Engine } from "@countersign/sql";
import { sql } from "kysely";
import type { RequestNonces } from "../access/request-nonces.ts";
import type { SignerAudit } from "../audit/audit.ts";
import { auditOver } from "../audit/sql-audit.ts";
import type { AdminGrants } from "../grants/admin-grants.ts";
import type { Journal } from "../journal/journal.ts";
import type { GrantsThatHold } from "../journal/repair-grants.ts";
import { journalOver, type OnHead } from "../journal/sql-journal.ts";
import type { KeyRecords } from "../keys/key-records.ts";
import type { LockKeyRecords } from "../lock/lock-key-records.ts";
import type { EcdsaStore } from "../threshold/ecdsa/ecdsa-store.ts";
import type { SecretName } from "../threshold/master-secrets/secret-name.ts";
import { countedWrites } from "../threshold/store/counted-writes.ts";
import { epochsInUse } from "../threshold/store/keys.ts";
import type { SigningsOptions } from "../threshold/store/signings.ts";
import { openEcdsaStore } from "../threshold/store/sql-ecdsa-store.ts";
import { openThresholdStore } from "../threshold/store/sql-threshold-store.ts";
import type { ThresholdStore } from "../threshold/threshold-store.ts";
import { adminGrantsOver } from "./admin-grant-store.ts";
import { readHead } from "./chain-head.ts";
import { keyRecordsOver } from "./key-record-store.ts";
import { lockKeysOver } from "./lock-key-store.ts";
import { prune } from "./prune.ts";
import { requestNoncesOver } from "./request-nonce-store.ts";
import type { SignerSchema } from "./schema.ts";

export interface SignerStoreOptions {
  readonly now: () => Date;
  /**
   * Those of the kept admin grants that hold, verified again with the admin keys of now: what a repair needs. Without
   * it no repair is possible.
   */
  readonly grantsThatHold?: GrantsThatHold;
  /** Told where the journal ends after each commit that added to it. */
  readonly onHead?: OnHead;
  /** Told how far threshold signing has come, where one process alone writes. */
  readonly onThreshold?: OnHead;
  /** Refusals could not be written to the audit; they are kept and tried again, until `close`. */
  readonly onAuditFailed?: (error: unknown) => void;
}

/** Everything that the signer keeps. What throws because of the database throws SIGNER_STORE_UNAVAILABLE. */
export interface SignerStore {
  readonly journal: Journal;
  readonly keyRecords: KeyRecords;
  readonly adminGrants: AdminGrants;
  readonly lockKeys: LockKeyRecords;
  readonly requestNonces: RequestNonces;
  readonly audit: SignerAudit;
  /** What threshold signing must not forget or do twice. */
  threshold(options: SigningsOptions): ThresholdStore;
  /** The same for threshold ECDSA. */
  ecdsa(options: SigningsOptions): EcdsaStore;
  /** Schemes, networks and epochs that threshold keys were made with. */
  epochsInUse(): Promise<readonly SecretName[]>;
  /** Deletes what has expired. To be called from time to time, a minute for example. */
  prune(): Promise<void>;
  /** How many entries the journal has, and the last one's hash: 32 bytes, or none while there is no entry. */
  status(): Promise<{ entries: bigint; headHash: Uint8Array }>;
  /** Throws when the database does not answer. */
  ping(): Promise<void>;
  /** Writes the refusals that are left, and closes the database. */
  close(): Promise<void>;
}

export function signerStoreOver(engine: Engine<SignerSchema>, options: SignerStoreOptions): SignerStore {
  const { now, grantsThatHold = () => [], onHead, onThreshold, onAuditFailed = () => {} } = options;
  const audit = auditOver(engine, now, onAuditFailed);
  return {
    journal: journalOver(engine, { now, grantsThatHold, ...(onHead && { onHead }) }),
    keyRecords: keyRecordsOver(engine, now),
    adminGrants: adminGrantsOver(engine, now),
    lockKeys: lockKeysOver(engine, now),
    requestNonces: requestNoncesOver(engine),
    audit,
    threshold: (options) => openThresholdStore(countedWrites(engine, onThreshold), options),
    ecdsa: (options) => openEcdsaStore(countedWrites(engine, onThreshold), options),
    epochsInUse: () => epochsInUse(engine),
    prune: () => prune(engine, now()),
    async status() {
      const { sequence, hash } = await engine.read((db) => readHead(db, "journal"));
      return { entries: sequence, headHash: sequence === 0n ? new Uint8Array() : hash };
    },
    ping: () => engine.read(async (db) => void (await sql`select 1`.execute(db))),
    async close() {
      await audit.close();
      await engine.close();
    },
  };
}
