import type { Engine as SqlEngine } from "@countersign/sql";
import type { LedgerSchema } from "./schema.ts";

/** The database that holds the ledger. */
export type Engine = SqlEngine<LedgerSchema>;
