import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Ledger } from "@countersign/server/ledger/ledger.ts";
import { openLedger } from "@countersign/server/ledger/open-ledger.ts";
import { Secret } from "@countersign/service-kit";
import { createDatabase, postgresUrl, type TestDatabase } from "../support/postgres.ts";
import { at } from "./builders.ts";

/** An empty database, and the ledgers that a test has opened on it. */
export interface LedgerHome {
  readonly url: Secret<string>;
  /** `now` is the time that the ledger goes by; the start of the tests' time by default. */
  open(now?: () => Date): Promise<Ledger>;
  /** Runs SQL beside the ledgers. */
  execute(statement: string): Promise<void>;
  /** Closes every ledger and removes the database. */
  remove(): Promise<void>;
}

export interface TestEngine {
  readonly name: "sqlite" | "postgres";
  /** Whether tests can run on it. */
  readonly available: boolean;
  home(): Promise<LedgerHome>;
}

const sqlite: TestEngine = {
  name: "sqlite",
  available: true,
  home: async () => sqliteHome(),
};

export const postgres: TestEngine = {
  name: "postgres",
  available: postgresUrl !== undefined,
  home: async () => postgresHome(await createDatabase()),
};

export const engines = [sqlite, postgres];

export function sqliteHome(): LedgerHome & { readonly path: string } {
  const folder = mkdtempSync(join(tmpdir(), "countersign-ledger-"));
  const path = join(folder, "data", "relay.db");
  const removeFolder = async () => rmSync(folder, { recursive: true });
  const execute = async (statement: string) => {
    const db = new DatabaseSync(path);
    db.exec(statement);
    db.close();
  };
  return { ...homeAt(`sqlite:${path}`, execute, removeFolder), path };
}

export function postgresHome(database: TestDatabase): LedgerHome {
  const execute = async (statement: string) => void (await database.query(statement));
  return homeAt(database.url, execute, () => database.drop());
}

function homeAt(
  location: string,
  execute: LedgerHome["execute"],
  removeDatabase: () => Promise<void>,
): LedgerHome {
  const url = new Secret(location);
  const opened: Ledger[] = [];
  return {
    url,
    open: async (now = () => at(0)) => {
      const ledger = await openLedger(url, now);
      opened.push(ledger);
      return ledger;
    },
    execute,
    remove: async () => {
      await Promise.all(opened.map((ledger) => ledger.close()));
      await removeDatabase();
    },
  };
}
