import { DurableObject } from "cloudflare:workers";
import type { DurableObjectState, SqlStorageValue } from "@cloudflare/workers-types";
import type {
  LockKeyChange,
  LockKeyRecord,
  LockKeyRecords,
  LockKeyState,
  NewLockKey,
  ReplacedLockKey,
  SuiteNumber,
} from "./lock-key-records.ts";

/** Each key has one successor, the first of a suite no predecessor, and each suite one current key at most. */
const TABLE = `
  create table if not exists lock_keys (
    key_id text primary key not null,
    suite integer not null,
    commitment blob not null,
    state text not null check (state in ('CURRENT', 'GRACE', 'RETIRED')),
    sealed blob check ((state = 'RETIRED') = (sealed is null)),
    replaced text not null,
    created_at integer not null,
    grace_at integer,
    retired_at integer,
    unique (suite, replaced)
  );
  create unique index if not exists lock_keys_current on lock_keys (suite) where state = 'CURRENT'`;

type Row = Record<string, SqlStorageValue>;

/**
 * The lock keys of a deployment. Its only object answers one call after the other, and no answer leaves it before the
 * platform has written what was done to several disks.
 */
export class LockKeyObject extends DurableObject implements LockKeyRecords {
  constructor(ctx: DurableObjectState, env: unknown) {
    super(ctx, env);
    ctx.storage.sql.exec(TABLE);
  }

  async list(): Promise<LockKeyRecord[]> {
    return this.#rows("select * from lock_keys order by created_at desc, key_id").map(fromRow);
  }

  async rotate(key: NewLockKey, replaced: ReplacedLockKey | null): Promise<LockKeyChange> {
    const { keyId, suite, commitment, sealed } = key;
    const [current] = this.#rows("select * from lock_keys where suite = ? and state = 'CURRENT'", suite);
    const named = replaced?.keyId ?? "";
    if (current !== undefined && current.replaced === named) {
      return { outcome: "repeated", key: fromRow(current) };
    }
    if (String(current?.key_id ?? "") !== named) {
      const message =
        current === undefined
          ? "the suite has no current lock key: name none to make the first"
          : `the suite's current lock key is ${current.key_id}`;
      return { outcome: "conflict", message };
    }
    if (replaced !== null && replaced.sealed.length === 0) {
      return { outcome: "conflict", message: `the lock key ${named} became current just now: try again` };
    }
    const at = Date.now();
    return this.ctx.storage.transactionSync(() => {
      if (replaced !== null) {
        this.#rows(
          "update lock_keys set state = 'GRACE', grace_at = ?, sealed = ? where key_id = ?",
          at,
          bytes(replaced.sealed),
          named,
        );
      }
      const [made] = this.#rows(
        "insert into lock_keys values (?, ?, ?, 'CURRENT', ?, ?, ?, null, null) returning *",
        ...[keyId, suite, bytes(commitment), bytes(sealed), named, at],
      );
      return { outcome: "changed", key: fromRow(made ?? {}) };
    });
  }

  async retire(keyId: string): Promise<LockKeyChange> {
    const [row] = this.#rows("select * from lock_keys where key_id = ?", keyId);
    if (row === undefined) return { outcome: "unknown" };
    if (row.state === "RETIRED") return { outcome: "repeated", key: fromRow(row) };
    if (row.state === "CURRENT") {
      return { outcome: "conflict", message: "the lock key is current: put another in its place first" };
    }
    const [retired] = this.#rows(
      "update lock_keys set state = 'RETIRED', sealed = null, retired_at = ? where key_id = ? returning *",
      Date.now(),
      keyId,
    );
    return { outcome: "changed", key: fromRow(retired ?? {}) };
  }

  async reseal(keyId: string, before: Uint8Array, sealed: Uint8Array): Promise<boolean> {
    const changed = this.#rows(
      "update lock_keys set sealed = ? where key_id = ? and sealed = ? returning key_id",
      ...[bytes(sealed), keyId, bytes(before)],
    );
    return changed.length > 0;
  }

  #rows(query: string, ...bindings: SqlStorageValue[]): Row[] {
    return this.ctx.storage.sql.exec(query, ...bindings).toArray();
  }
}

function bytes(from: Uint8Array): ArrayBuffer {
  return Uint8Array.from(from).buffer;
}

function fromRow(row: Row): LockKeyRecord {
  const time = (millis: SqlStorageValue | undefined) => (millis === null ? null : new Date(Number(millis)));
  const blob = (value: SqlStorageValue | undefined) => new Uint8Array(value as ArrayBuffer);
  return {
    keyId: String(row.key_id),
    suite: Number(row.suite) as SuiteNumber,
    commitment: blob(row.commitment),
    state: row.state as LockKeyState,
    sealed: row.sealed === null ? null : blob(row.sealed),
    createdAt: new Date(Number(row.created_at)),
    graceAt: time(row.grace_at),
    retiredAt: time(row.retired_at),
  };
}
