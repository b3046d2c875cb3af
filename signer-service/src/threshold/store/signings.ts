import { type Engine, FixedStatement, fromMillis, toMillis, whole } from "@countersign/sql";
import { type Selectable, sql, type Transaction } from "kysely";
import { fromHex, toHex } from "../../chain/hash-text.ts";
import type { SealPlace, Seals } from "../../sealing/seals.ts";
import type { SignerSchema, ThresholdSigningTable } from "../../store/schema.ts";
import type { SigningSession, SigningSessionStanding, ThresholdStore } from "../threshold-store.ts";
import { currentIncarnation } from "./current-incarnation.ts";

type SigningRow = Selectable<ThresholdSigningTable>;

/** The parameters are: the request, its key and digest, the time, the most runs. Locks the request. */
const beginOf = new FixedStatement<SignerSchema, { id: string }>((db) =>
  db
    .updateTable("threshold_requests")
    .set((eb) => ({ runs: eb("runs", "+", sql<bigint>`1`) }))
    .where("id", "=", "")
    .where("key_id", "=", "")
    .where("digest", "=", "")
    .where("expires_at", ">", 0n)
    .where("runs", "<", 0n)
    .where("finished", "=", sql<bigint>`0`)
    .where("incarnation", "=", currentIncarnation)
    .returning("id"),
);

const burnOthersOf = new FixedStatement<SignerSchema, unknown>((db) =>
  db
    .updateTable("threshold_signings")
    .set({ stage: sql.lit("burnt"), sealed: sql<null>`null` })
    .where("request_id", "=", "")
    .where("stage", "=", sql.lit("open"))
    // As the index threshold_signings_open has it: SQLite takes a partial index for its own words alone.
    .where("stage", "<>", sql.lit("burnt")),
);

const insertOf = new FixedStatement<SignerSchema, unknown>((db) =>
  db.insertInto("threshold_signings").values({
    id: "",
    request_id: "",
    tenant: "",
    user_id: "",
    key_id: "",
    digest: "",
    sealed: "",
    expires_at: 0n,
    stage: sql.lit("open"),
    incarnation: currentIncarnation,
  }),
);

const signingOf = new FixedStatement<SignerSchema, SigningRow>((db) =>
  db
    .selectFrom("threshold_signings")
    .selectAll()
    .where("id", "=", "")
    .where("expires_at", ">", 0n)
    .where("incarnation", "=", currentIncarnation),
);

/** The parameters are: the signing session and the time. Locks the request, as beginning another one does. */
const finishRequestOf = new FixedStatement<SignerSchema, { id: string }>((db) =>
  db
    .updateTable("threshold_requests")
    .set({ finished: sql<bigint>`1` })
    .where("id", "=", (eb) =>
      eb
        .selectFrom("threshold_signings as s")
        .select("s.request_id")
        .where("s.id", "=", "")
        .where("s.expires_at", ">", 0n)
        .where("s.stage", "=", sql.lit("open")),
    )
    .where("finished", "=", sql<bigint>`0`)
    .where("incarnation", "=", currentIncarnation)
    .returning("id"),
);

/** The parameters are: the sealed answer, the message's hash, the signing session and its request. */
const finishOf = new FixedStatement<SignerSchema, { id: string }>((db) =>
  db
    .updateTable("threshold_signings")
    .set({ stage: sql.lit("done"), sealed: "", message_hash: "" })
    .where("id", "=", "")
    .where("request_id", "=", "")
    .where("stage", "=", sql.lit("open"))
    .where("incarnation", "=", currentIncarnation)
    .returning("id"),
);

const burnOf = new FixedStatement<SignerSchema, unknown>((db) =>
  db
    .updateTable("threshold_signings")
    .set({ stage: sql.lit("burnt"), sealed: sql<null>`null` })
    .where("id", "=", "")
    .where("stage", "=", sql.lit("open")),
);

export interface SigningsOptions {
  /** Asked each time: a reload may bring others. Throws what the caller of the store is to see. */
  readonly seals: () => Seals;
  /** Told of what does not open: it was moved, changed, or sealed under a key that is not configured any more. */
  readonly onUnreadable: (signingId: string) => void;
}

/** Signing sessions. Whoever changes one and its request locks the request first. */
export function signingsOver(
  engine: Engine<SignerSchema>,
  { seals, onUnreadable }: SigningsOptions,
): Pick<ThresholdStore, "openSigning" | "signing" | "finishSigning" | "burnSigning"> {
  return {
    async openSigning(session, maxRuns, now) {
      const sealed = toHex(seals().seal(placeOf(session, "open"), session.state));
      const at = toMillis(now, "time");
      return engine.write((trx) => begin(trx, session, sealed, whole(maxRuns, "runs"), at));
    },
    async signing(id, now) {
      const [row] = await engine.read((db) => signingOf.run(db, [id, toMillis(now, "time")]));
      if (row === undefined) return undefined;
      const standing = standingOf(row, seals());
      if (standing !== undefined) return standing;
      onUnreadable(id);
      return { stage: "burnt", session: sessionOf(row) };
    },
    async finishSigning(id, messageHash, answer, now) {
      const at = toMillis(now, "time");
      const [row] = await engine.read((db) => signingOf.run(db, [id, at]));
      if (row === undefined || row.stage !== "open") return false;
      const sealed = toHex(seals().seal(placeOf(sessionOf(row), "done"), answer));
      try {
        await engine.write((trx) => finish(trx, row, sealed, toHex(messageHash), at));
        return true;
      } catch (error) {
        if (error instanceof NotOpen) return false;
        throw error;
      }
    },
    burnSigning: (id) => engine.write(async (trx) => void (await burnOf.run(trx, [id]))),
  };
}

async function begin(
  trx: Transaction<SignerSchema>,
  session: SigningSession,
  sealed: string,
  maxRuns: bigint,
  now: bigint,
): Promise<boolean> {
  const { id, requestId, owner, keyId } = session;
  const digest = toHex(session.digest);
  const begun = await beginOf.run(trx, [requestId, keyId, digest, now, maxRuns]);
  if (begun.length === 0) return false;
  await burnOthersOf.run(trx, [requestId]);
  const expiry = toMillis(session.expiresAt, "expiry of a signing session");
  await insertOf.run(trx, [id, requestId, owner.tenant, owner.user, keyId, digest, sealed, expiry]);
  return true;
}

/** Undoes the transaction. */
class NotOpen extends Error {}

/** Throws NotOpen when somebody else has finished or burnt it. */
async function finish(
  trx: Transaction<SignerSchema>,
  { id, request_id }: SigningRow,
  sealed: string,
  messageHash: string,
  now: bigint,
): Promise<void> {
  const request = await finishRequestOf.run(trx, [id, now]);
  if (request.length === 0) throw new NotOpen();
  // While the request's lock was waited for, another run may have burnt this one.
  const done = await finishOf.run(trx, [sealed, messageHash, id, request_id]);
  if (done.length === 0) throw new NotOpen();
}

/** Undefined when what is sealed does not open. */
function standingOf(row: SigningRow, seals: Seals): SigningSessionStanding | undefined {
  const session = sessionOf(row);
  if (row.stage === "burnt" || row.sealed === null) return { stage: "burnt", session };
  const stage = row.stage === "done" ? "done" : "open";
  const opened = seals.open(placeOf(session, stage), fromHex(row.sealed));
  if (opened === undefined) return undefined;
  if (stage === "open") return { stage, session: { ...session, state: opened } };
  return { stage, session, messageHash: fromHex(row.message_hash ?? ""), answer: opened };
}

function placeOf({ id, keyId }: Pick<SigningSession, "id" | "keyId">, stage: SealPlace["stage"]): SealPlace {
  return { purpose: stage === "open" ? "relayer-nonces" : "answer", sessionId: id, stage, keyId };
}

function sessionOf(row: SigningRow): Omit<SigningSession, "state"> {
  return {
    id: row.id,
    requestId: row.request_id,
    owner: { tenant: row.tenant, user: row.user_id },
    keyId: row.key_id,
    digest: fromHex(row.digest),
    expiresAt: fromMillis(row.expires_at),
  };
}
