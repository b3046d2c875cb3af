import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Seals } from "@countersign/signer-service/sealing/seals.ts";
import { prune } from "@countersign/signer-service/store/prune.ts";
import type { EcdsaStore } from "@countersign/signer-service/threshold/ecdsa/ecdsa-store.ts";
import { epochsInUse } from "@countersign/signer-service/threshold/store/keys.ts";
import { openEcdsaStore } from "@countersign/signer-service/threshold/store/sql-ecdsa-store.ts";
import { openThresholdStore } from "@countersign/signer-service/threshold/store/sql-threshold-store.ts";
import type { ThresholdStore } from "@countersign/signer-service/threshold/threshold-store.ts";
import { afterEach, beforeEach, describe } from "vitest";
import { createDatabase, postgresUrl } from "../../support/postgres.ts";
import { configOf, open } from "../store/stores.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { SEALING_KEY } from "./threshold-builders.ts";

/** A signer's threshold store on the test's database. */
interface TestSigner {
  readonly store: ThresholdStore;
  readonly ecdsa: EcdsaStore;
  /** Signing sessions whose sealed state did not open. */
  readonly unreadable: readonly string[];
  prune(now: Date): Promise<void>;
  epochsInUse(): Promise<unknown>;
  close(): Promise<void>;
}

export interface ThresholdHome {
  /** Two signers where the database takes two, else one twice. */
  signers: readonly [TestSigner, TestSigner];
  openSigner(seals?: Seals): Promise<TestSigner>;
  /** Runs SQL beside the signers. */
  query<T extends object>(statement: string): Promise<T[]>;
  /** The file of a SQLite store. */
  readonly file: string | undefined;
  /** As a restore of a backup does: the store has another incarnation when it is opened next. */
  restore(): Promise<void>;
}

/** Runs the same tests over both engines, each with an empty store. */
export function overEngines(name: string, tests: (on: ThresholdHome) => void): void {
  const engines = [
    { engine: "sqlite", available: true, home: sqliteHome },
    { engine: "postgres", available: postgresUrl !== undefined, home: postgresHome },
  ];
  describe.each(engines)(`${name} ($engine)`, ({ available, home }) => {
    describe.skipIf(!available)("", () => {
      const on = {} as { -readonly [K in keyof ThresholdHome]: ThresholdHome[K] };
      let remove = async () => {};
      beforeEach(async () => {
        const made = await home();
        Object.assign(on, made);
        remove = made.remove;
      });
      afterEach(() => remove());
      tests(on);
    });
  });
}

type MadeHome = ThresholdHome & { readonly remove: () => Promise<void> };

async function sqliteHome(): Promise<MadeHome> {
  const file = join(temporaryDirectory(), "signer.db");
  const query = async <T extends object>(statement: string) => {
    const db = new DatabaseSync(file);
    try {
      return db.prepare(statement).all() as T[];
    } finally {
      db.close();
    }
  };
  const openSigner = (seals?: Seals) => signerOn(`sqlite:${file}`, seals);
  const only = await openSigner();
  const restore = async () => {
    await only.close();
    await query("delete from store_identity");
  };
  return { signers: [only, only], openSigner, query, file, restore, remove: async () => {} };
}

async function postgresHome(): Promise<MadeHome> {
  const { url, query, drop, cutConnections } = await createDatabase();
  const openSigner = (seals?: Seals) => signerOn(url, seals);
  const signers = await Promise.all([openSigner(), openSigner()]);
  const restore = async () => {
    await Promise.all(signers.map((signer) => signer.close()));
    await cutConnections();
    await query("delete from store_identity");
  };
  return { signers, openSigner, query: (sql) => query(sql), file: undefined, restore, remove: drop };
}

async function signerOn(url: string, seals = new Seals([SEALING_KEY])): Promise<TestSigner> {
  const { engine } = await open(configOf(url));
  const unreadable: string[] = [];
  const options = { seals: () => seals, onUnreadable: (id: string) => void unreadable.push(id) };
  return {
    store: openThresholdStore(engine, options),
    ecdsa: openEcdsaStore(engine, options),
    unreadable,
    prune: (now) => prune(engine, now),
    epochsInUse: () => epochsInUse(engine),
    close: () => engine.close(),
  };
}
