import { type Engine, FixedStatement, fromMillis, toMillis } from "@countersign/sql";
import { type Selectable, sql, type Transaction } from "kysely";
import { fromHex, toHex } from "../../chain/hash-text.ts";
import { RowsStatement } from "../../store/rows-statement.ts";
import type { SignerSchema, ThresholdRequestTable } from "../../store/schema.ts";
import type { SigningRequestRecord, ThresholdStore } from "../threshold-store.ts";
import { currentIncarnation } from "./current-incarnation.ts";

const insertOf = new RowsStatement<unknown>((db, rows) =>
  db.insertInto("threshold_requests").values(
    Array.from({ length: rows }, () => ({
      ...columnsOf(ANY_REQUEST),
      // In the text: a parameter each would be one more to give.
      runs: sql<bigint>`0`,
      finished: sql<bigint>`0`,
      incarnation: currentIncarnation,
    })),
  ),
);

const requestOf = new FixedStatement<SignerSchema, Selectable<ThresholdRequestTable>>((db) =>
  db
    .selectFrom("threshold_requests")
    .selectAll()
    .where("id", "=", "")
    .where("expires_at", ">", 0n)
    .where("finished", "=", sql<bigint>`0`)
    .where("incarnation", "=", currentIncarnation),
);

export function requestsOver(engine: Engine<SignerSchema>): Pick<ThresholdStore, "putRequests" | "request"> {
  return {
    putRequests: (requests) => engine.write((trx) => insertRequests(trx, requests)),
    async request(id, now) {
      const [row] = await engine.read((db) => requestOf.run(db, [id, toMillis(now, "time")]));
      if (row === undefined) return undefined;
      return {
        id: row.id,
        owner: { tenant: row.tenant, user: row.user_id },
        keyId: row.key_id,
        digest: fromHex(row.digest),
        expiresAt: fromMillis(row.expires_at),
      };
    },
  };
}

export async function insertRequests(
  trx: Transaction<SignerSchema>,
  requests: readonly SigningRequestRecord[],
): Promise<void> {
  await insertOf.run(
    trx,
    requests.map((request) => Object.values(columnsOf(request))),
  );
}

function columnsOf(request: SigningRequestRecord) {
  return {
    id: request.id,
    tenant: request.owner.tenant,
    user_id: request.owner.user,
    key_id: request.keyId,
    digest: toHex(request.digest),
    expires_at: toMillis(request.expiresAt, "expiry of a signing request"),
  };
}

/** Builds the statement's text; its values go nowhere. */
const ANY_REQUEST: SigningRequestRecord = {
  id: "",
  owner: { tenant: "", user: "" },
  keyId: "",
  digest: new Uint8Array(),
  expiresAt: new Date(0),
};
