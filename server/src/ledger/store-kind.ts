import type { StoreKind } from "@countersign/sql";
import { LedgerLockedError, LedgerUnavailableError } from "./errors.ts";
import { migrations } from "./migrations.ts";
import type { LedgerSchema } from "./schema.ts";

/** The ledger as a store of tables. */
export const LEDGER: StoreKind<LedgerSchema> = {
  name: "ledger",
  applicationName: "countersign-relay",
  migrations,
  unavailable: (message, options) => new LedgerUnavailableError(message, options),
  locked: (path) =>
    new LedgerLockedError(
      `the ledger ${path} is open in another process: a SQLite ledger belongs to one relay at a time; ` +
        "stop the other one, give this one its own LEDGER_URL, or use PostgreSQL",
    ),
};
