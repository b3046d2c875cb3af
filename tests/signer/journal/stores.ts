import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { grantsThatHold } from "@countersign/signer-service/grants/admin-grant-signature.ts";
import type { OnHead } from "@countersign/signer-service/journal/sql-journal.ts";
import type { SignerSchema } from "@countersign/signer-service/store/schema.ts";
import { type SignerStore, signerStoreOver } from "@countersign/signer-service/store/signer-store.ts";
import { SIGNER_STORE } from "@countersign/signer-service/store/store-kind.ts";
import { type Engine, openEngine } from "@countersign/sql";
import { afterEach, beforeEach, describe } from "vitest";
import { createDatabase, postgresUrl } from "../../support/postgres.ts";
import { trust } from "./admin-key.ts";

/** A point in the tests' time, in milliseconds after its start. */
export function at(milliseconds: number): Date {
  return new Date(Date.UTC(2030, 0, 1, 12) + milliseconds);
}

/** A signer's store that is open. */
interface OpenStore {
  readonly store: SignerStore;
  readonly engine: Engine<SignerSchema>;
}

/** An empty database for a signer's store, and the time that every store on it goes by. */
interface StoreHome {
  readonly url: string;
  /** Whether several signers may share it. */
  readonly shared: boolean;
  /** Opens it; where it is shared, once more for every call. */
  open(onHead?: OnHead): Promise<OpenStore>;
  /** Runs SQL beside the stores. */
  execute(statement: string): Promise<void>;
  setTime(time: Date): void;
  /** Another empty one of the same kind. */
  another(): Promise<StoreHome>;
  remove(): Promise<void>;
}

async function sqliteHome(): Promise<StoreHome> {
  const folder = mkdtempSync(join(tmpdir(), "signer-store-"));
  const path = join(folder, "signer.db");
  const execute = async (statement: string) => {
    const db = new DatabaseSync(path);
    db.exec(statement);
    db.close();
  };
  return homeAt(`sqlite:${path}`, false, execute, async () => rmSync(folder, { recursive: true }));
}

async function postgresHome(): Promise<StoreHome> {
  const database = await createDatabase();
  const execute = async (statement: string) => void (await database.query(statement));
  return homeAt(database.url, true, execute, () => database.drop());
}

const homes = [
  { name: "sqlite", available: true, home: sqliteHome },
  { name: "postgres", available: postgresUrl !== undefined, home: postgresHome },
];

function homeAt(
  url: string,
  shared: boolean,
  execute: StoreHome["execute"],
  removeDatabase: () => Promise<void>,
): StoreHome {
  const opened: SignerStore[] = [];
  let time = at(0);
  return {
    url,
    shared,
    async open(onHead) {
      const engine = await openEngine(url, SIGNER_STORE);
      const store = signerStoreOver(engine, {
        now: () => time,
        grantsThatHold: (kept, at) => grantsThatHold(kept, trust, at),
        ...(onHead && { onHead }),
      });
      opened.push(store);
      return { store, engine };
    },
    execute,
    setTime: (to) => {
      time = to;
    },
    another: shared ? postgresHome : sqliteHome,
    async remove() {
      await Promise.all(opened.map((store) => store.close()));
      await removeDatabase();
    },
  };
}

/** What each test gets: an empty store, open. */
export interface StoreContext extends OpenStore {
  readonly home: StoreHome;
}

/** Runs the same tests over every engine, each with an empty store. */
export function overStores(name: string, tests: (on: StoreContext) => void): void {
  describe.each(homes)(`${name} ($name)`, ({ available, home }) => {
    describe.skipIf(!available)("", () => {
      const on: { -readonly [K in keyof StoreContext]?: StoreContext[K] } = {};
      beforeEach(async () => {
        on.home = await home();
        Object.assign(on, await on.home.open());
      });
      afterEach(() => on.home?.remove());
      tests(on as StoreContext);
    });
  });
}
