import { randomBytes } from "node:crypto";
import { type Engine, FixedStatement } from "@countersign/sql";
import { fromHex } from "../../chain/hash-text.ts";
import type { OnHead } from "../../journal/sql-journal.ts";
import type { SignerSchema } from "../../store/schema.ts";

const countOf = new FixedStatement<SignerSchema, { sequence: bigint; hash: string }>((db) =>
  db
    .updateTable("chain_heads")
    .set((eb) => ({ sequence: eb("sequence", "+", 1n), hash: "" }))
    .where("chain", "=", "threshold")
    .returning(["sequence", "hash"]),
);

/**
 * The engine, whose writes count themselves in the store and tell a witness outside of it: put back, the store is behind.
 * Only where one process has the database; a row that everybody changes would hold signers up that share one.
 */
export function countedWrites(
  engine: Engine<SignerSchema>,
  onWritten: OnHead | undefined,
): Engine<SignerSchema> {
  if (engine.locksRows || onWritten === undefined) return engine;
  return {
    read: (body) => engine.read(body),
    snapshot: (body) => engine.snapshot(body),
    async write(body) {
      const { result, head } = await engine.write(async (trx) => {
        const result = await body(trx);
        const [head] = await countOf.run(trx, [1n, randomBytes(32).toString("hex"), "threshold"]);
        return { result, head };
      });
      if (head !== undefined) onWritten(head.sequence, fromHex(head.hash));
      return result;
    },
    get urgent() {
      return engine.urgent;
    },
    locksRows: engine.locksRows,
    close: () => engine.close(),
  };
}
