import { RowsStatement as RowsStatementOver } from "@countersign/sql";
import type { SignerSchema } from "./schema.ts";

/** A RowsStatement of the signer's store. */
export class RowsStatement<Row> extends RowsStatementOver<SignerSchema, Row> {}
