import type { Kysely, Transaction } from "kysely";
import { type ChainHead, readHead } from "./chain-head.ts";
import type { StoreOptions } from "./opened-store.ts";
import { isPromotion, type PostgresPlace, placeText, readPlace } from "./postgres-place.ts";
import type { SignerSchema } from "./schema.ts";
import {
  beginIncarnation,
  lockIdentity,
  readIdentity,
  type StoreIdentity,
  setPlace,
} from "./store-identity.ts";
import { isKnown, type Witness } from "./witness.ts";

/**
 * Makes sure, for each new connection, that it leads to the store that the others lead to, with all that this process
 * has written: behind one address another server may answer after a failover.
 */
export class PostgresLife implements Witness {
  readonly #synchronousStandby: boolean;
  readonly #options: StoreOptions;
  /** Where this process's connections lead; empty before the first. */
  #place = "";
  #seen: ChainHead | undefined;

  /** `synchronousStandby`: a promoted server has every commit, so that its new timeline alone ends nothing. */
  constructor(synchronousStandby: boolean, options: StoreOptions) {
    this.#synchronousStandby = synchronousStandby;
    this.#options = options;
  }

  note(sequence: bigint, hash: Uint8Array): void {
    if (sequence > (this.#seen?.sequence ?? 0n)) this.#seen = { sequence, hash };
  }

  /** Of a shared database it is not told: one row that all threshold signatures change would hold them up. */
  noteThreshold(): void {}

  /** A StoreKind's `onConnection`. Throws SIGNER_STORE_UNAVAILABLE for a standby. */
  async look(db: Kysely<SignerSchema>): Promise<boolean> {
    // Read first: what is noted after that may be younger than what the database shows here.
    const seen = this.#seen;
    const before = this.#place;
    const place = await readPlace(db);
    const { place: kept } = await readIdentity(db);
    let restored = false;
    if (kept !== placeText(place) || !(await knows(db, seen))) {
      const broken = await db.transaction().execute((trx) => this.#settle(trx, place, seen));
      restored = broken !== undefined;
      if (broken !== undefined) this.#seen = undefined;
      if (broken !== undefined && !broken.wasNew) this.#options.events.restored(broken.reason);
    }
    this.#place = placeText(place);
    return !restored && (before === "" || before === this.#place);
  }

  /** Undefined when the store's life goes on; otherwise another one began. */
  async #settle(
    trx: Transaction<SignerSchema>,
    place: PostgresPlace,
    seen: ChainHead | undefined,
  ): Promise<{ readonly reason: string; readonly wasNew: boolean } | undefined> {
    const { now, newIncarnation } = this.#options;
    const identity = await lockIdentity(trx, now());
    const reason = this.#breakOf(identity, place, await knows(trx, seen));
    if (reason === undefined) {
      await setPlace(trx, placeText(place));
      return undefined;
    }
    const wasNew = identity.incarnation === "" && (await readHead(trx, "journal")).sequence === 0n;
    await beginIncarnation(trx, { incarnation: newIncarnation(), place: placeText(place) }, reason, now());
    return { reason, wasNew };
  }

  #breakOf(identity: StoreIdentity, place: PostgresPlace, known: boolean): string | undefined {
    if (identity.incarnation === "") return "the store has no incarnation: it is new, or was a backup";
    if (!known) return "the journal lacks entries that it had";
    if (identity.place === placeText(place)) return undefined;
    if (!isPromotion(identity.place, place)) return "the store was copied";
    return this.#synchronousStandby
      ? undefined
      : "PostgreSQL has another timeline: a failover or a recovery may have lost entries";
  }
}

async function knows(db: Kysely<SignerSchema>, seen: ChainHead | undefined): Promise<boolean> {
  return seen === undefined || (await isKnown(db, seen));
}
