import { type Engine, FixedStatement, fromMillis, toMillis, whole } from "@countersign/sql";
import type { Selectable } from "kysely";
import type { SignerSchema, ThresholdSessionTable } from "../../store/schema.ts";
import type { ThresholdSession, ThresholdStore } from "../threshold-store.ts";
import { currentIncarnation } from "./current-incarnation.ts";
import { insertRequests } from "./requests.ts";

type SessionRow = Selectable<ThresholdSessionTable>;

const sessionOf = new FixedStatement<SignerSchema, SessionRow>((db) =>
  db
    .selectFrom("threshold_sessions")
    .selectAll()
    .where("token_hash", "=", "")
    .where("incarnation", "=", currentIncarnation),
);

/** The parameters are: how many, the token's hash, the time, how many. */
const takeOf = new FixedStatement<SignerSchema, { token_hash: string }>((db) =>
  db
    .updateTable("threshold_sessions")
    .set((eb) => ({ uses: eb("uses", "+", 0n) }))
    .where("token_hash", "=", "")
    .where("expires_at", ">", 0n)
    .where((eb) => eb(eb("max_uses", "-", eb.ref("uses")), ">=", 0n))
    .where("incarnation", "=", currentIncarnation)
    .returning("token_hash"),
);

export function sessionsOver(
  engine: Engine<SignerSchema>,
): Pick<ThresholdStore, "putSession" | "session" | "endSession" | "takeUses"> {
  return {
    putSession: (session) =>
      engine.write(async (trx) => {
        await trx
          .insertInto("threshold_sessions")
          .values({ ...columnsOf(session), uses: 0n, incarnation: currentIncarnation })
          .execute();
      }),
    async session(tokenHash) {
      const [row] = await engine.read((db) => sessionOf.run(db, [tokenHash]));
      return row === undefined ? undefined : fromRow(row);
    },
    endSession: (tokenHash) =>
      engine.write(async (trx) => {
        await trx.deleteFrom("threshold_sessions").where("token_hash", "=", tokenHash).execute();
      }),
    takeUses: (tokenHash, now, requests) =>
      engine.write(async (trx) => {
        const uses = BigInt(requests.length);
        // Calls at the same time wait for the row here, and then find what the others have left.
        const taken = await takeOf.run(trx, [uses, tokenHash, toMillis(now, "time"), uses]);
        if (taken.length === 0) return false;
        await insertRequests(trx, requests);
        return true;
      }),
  };
}

function columnsOf(session: Omit<ThresholdSession, "uses">) {
  return {
    token_hash: session.tokenHash,
    tenant: session.owner.tenant,
    user_id: session.owner.user,
    key_id: session.keyId,
    purposes: JSON.stringify(session.purposes),
    max_uses: whole(session.maxUses, "uses of a session"),
    expires_at: toMillis(session.expiresAt, "expiry of a session"),
  };
}

function fromRow(row: SessionRow): ThresholdSession {
  return {
    tokenHash: row.token_hash,
    owner: { tenant: row.tenant, user: row.user_id },
    keyId: row.key_id,
    purposes: JSON.parse(row.purposes) as string[],
    maxUses: Number(row.max_uses),
    uses: Number(row.uses),
    expiresAt: fromMillis(row.expires_at),
  };
}
