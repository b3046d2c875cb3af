import { randomUUID } from "node:crypto";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import type { Engine } from "@countersign/sql";
import type { Transaction } from "kysely";
import { appendAudit } from "../audit/append-audit.ts";
import type { KeyCheck } from "../keys/account-standing.ts";
import type { KeyRecord, KeyRecords, KeyState } from "../keys/key-records.ts";
import { canMove } from "../keys/key-states.ts";
import { lockStanding, readStanding } from "./account-standing.ts";
import { enterKeys } from "./enter-keys.ts";
import { claimKey, dropClaim } from "./key-claims.ts";
import { fromRow, toRow } from "./key-record-rows.ts";
import type { SignerSchema } from "./schema.ts";

/** The keys' records of a store. */
export function keyRecordsOver(engine: Engine<SignerSchema>, now: () => Date): KeyRecords {
  const store = new KeyRecordStore(engine, now);
  const owner = randomUUID();
  return {
    list: () =>
      engine.read(async (db) =>
        (await db.selectFrom("key_records").selectAll().orderBy("key_id").execute()).map(fromRow),
      ),
    standing: (network, accountId) =>
      engine.snapshot((trx) => readStanding(trx, { network, accountId }, now())),
    enter: (keys, actor) => engine.write((trx) => enterKeys(trx, keys, actor, now())),
    claim: (names, check) => engine.write((trx) => claimKey(engine, trx, names, owner, check, now())),
    disclaim: (keyId) => engine.write((trx) => dropClaim(trx, keyId, owner)),
    enterMade: (key, actor, detail) =>
      engine.write(async (trx) => {
        await dropClaim(trx, key.keyId, owner);
        const [record] = await enterKeys(trx, [key], actor, now(), detail);
        if (record === undefined) throw new Error(`the key ${key.keyId} was entered and is not there`);
        return record;
      }),
    move: (keyId, to, floor, actor, check) =>
      engine.write((trx) => store.move(trx, keyId, to, floor, actor, check)),
    setPause: (keyId, reason, actor) => engine.write((trx) => store.setPause(trx, keyId, reason, actor)),
    setFloors: (floors, actor) => engine.write((trx) => store.setFloors(trx, floors, actor)),
  };
}

class KeyRecordStore {
  readonly #engine: Engine<SignerSchema>;
  readonly #now: () => Date;

  constructor(engine: Engine<SignerSchema>, now: () => Date) {
    this.#engine = engine;
    this.#now = now;
  }

  async move(
    trx: Transaction<SignerSchema>,
    keyId: string,
    to: KeyState,
    floor: bigint | null,
    actor: string,
    check?: KeyCheck,
  ): Promise<KeyRecord> {
    const checked = check === undefined ? {} : await this.#checked(trx, keyId, check);
    const key = await this.#lock(trx, keyId);
    if (key.state === to) return key;
    if (!canMove(key.state, to)) {
      const message = `the key ${keyId} is ${key.state.toLowerCase()} and cannot become ${to.toLowerCase()}`;
      throw new DomainError(ErrorReason.SIGNER_KEY_STATE_CONFLICT, message);
    }
    const moved = { ...key, state: to, nonceFloor: raised(key.nonceFloor, floor) };
    await put(trx, moved);
    const detail = { from: key.state, to, ...floorDetail(moved), ...checked };
    await appendAudit(trx, [{ at: this.#now(), kind: "key moved", actor, keyId, detail }]);
    return moved;
  }

  async setPause(
    trx: Transaction<SignerSchema>,
    keyId: string,
    reason: string | null,
    actor: string,
  ): Promise<KeyRecord> {
    const key = await this.#lock(trx, keyId);
    if (key.pauseReason === reason) return key;
    const changed = { ...key, pauseReason: reason };
    await put(trx, changed);
    const kind = reason === null ? "key resumed" : "key paused";
    const detail: Record<string, string> = reason === null ? {} : { reason };
    await appendAudit(trx, [{ at: this.#now(), kind, actor, keyId, detail }]);
    return changed;
  }

  async setFloors(
    trx: Transaction<SignerSchema>,
    floors: readonly { keyId: string; nonce: bigint }[],
    actor: string,
  ): Promise<KeyRecord[]> {
    const locked = await this.#lockAll(trx, [...new Set(floors.map(({ keyId }) => keyId))]);
    for (const { keyId, nonce } of floors) {
      const key = record(locked, keyId);
      locked.set(keyId, { ...key, nonceFloor: raised(key.nonceFloor, nonce) });
    }
    for (const key of locked.values()) await put(trx, key);
    const at = this.#now();
    await appendAudit(
      trx,
      floors.map(({ keyId, nonce }) => ({
        at,
        kind: "nonce floor set",
        actor,
        keyId,
        detail: { given: nonce.toString(), ...floorDetail(record(locked, keyId)) },
      })),
    );
    return floors.map(({ keyId }) => record(locked, keyId));
  }

  /** Locks all keys of the key's account, and then asks. */
  async #checked(
    trx: Transaction<SignerSchema>,
    keyId: string,
    check: KeyCheck,
  ): Promise<Readonly<Record<string, string>>> {
    const row = await trx
      .selectFrom("key_records")
      .selectAll()
      .where("key_id", "=", keyId)
      .executeTakeFirst();
    const known = new Map(row === undefined ? [] : [[keyId, fromRow(row)]]);
    return check(await lockStanding(this.#engine, trx, record(known, keyId), this.#now()));
  }

  async #lock(trx: Transaction<SignerSchema>, keyId: string): Promise<KeyRecord> {
    return record(await this.#lockAll(trx, [keyId]), keyId);
  }

  /** By key id; locked in the journal's order, so that neither waits for the other in a circle. */
  async #lockAll(trx: Transaction<SignerSchema>, keyIds: readonly string[]): Promise<Map<string, KeyRecord>> {
    if (keyIds.length === 0) return new Map();
    const query = trx
      .selectFrom("key_records")
      .selectAll()
      .where("key_id", "in", keyIds)
      .orderBy("public_key");
    const rows = await (this.#engine.locksRows ? query.forUpdate() : query).execute();
    const locked = new Map(rows.map((row) => [row.key_id, fromRow(row)]));
    for (const keyId of keyIds) record(locked, keyId);
    return locked;
  }
}

/** The key's record. Throws SIGNER_KEY_NOT_FOUND. */
function record(records: ReadonlyMap<string, KeyRecord>, keyId: string): KeyRecord {
  const found = records.get(keyId);
  if (found !== undefined) return found;
  throw new DomainError(ErrorReason.SIGNER_KEY_NOT_FOUND, `the signer has no key ${keyId}`);
}

async function put(trx: Transaction<SignerSchema>, key: KeyRecord): Promise<void> {
  await trx.updateTable("key_records").set(toRow(key)).where("public_key", "=", key.publicKey).execute();
}

/** The chain's nonce never falls, so neither does a floor. */
function raised(floor: bigint | null, nonce: bigint | null): bigint | null {
  if (nonce === null || (floor !== null && floor > nonce)) return floor;
  return nonce;
}

function floorDetail(key: KeyRecord): Record<string, string> {
  return key.nonceFloor === null ? {} : { nonce_floor: key.nonceFloor.toString() };
}
