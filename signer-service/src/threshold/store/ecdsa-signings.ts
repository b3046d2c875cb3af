import { type Engine, FixedStatement, fromMillis, toMillis, whole } from "@countersign/sql";
import { type Selectable, sql, type Transaction } from "kysely";
import { fromHex, toHex } from "../../chain/hash-text.ts";
import type { SealPlace, Seals } from "../../sealing/seals.ts";
import type { SignerSchema, ThresholdPresignatureTable, ThresholdRequestTable } from "../../store/schema.ts";
import type { EcdsaSigningStanding, EcdsaStore, NewEcdsaSigning, Reservation } from "../ecdsa/ecdsa-store.ts";
import { currentIncarnation } from "./current-incarnation.ts";
import { presignaturePlace } from "./presignatures.ts";
import type { SigningsOptions } from "./signings.ts";

type RequestRow = Selectable<ThresholdRequestTable>;

/** A presignature that has been reserved. */
type SigningRow = {
  [K in keyof Selectable<ThresholdPresignatureTable>]: K extends "sealed"
    ? string | null
    : NonNullable<Selectable<ThresholdPresignatureTable>[K]>;
};

const requestStatement = (locksRows: boolean) =>
  new FixedStatement<SignerSchema, RequestRow>((db) =>
    db
      .selectFrom("threshold_requests")
      .selectAll()
      .where("id", "=", "")
      .where("key_id", "=", "")
      .where("incarnation", "=", currentIncarnation)
      .$if(locksRows, (q) => q.forUpdate()),
  );

const countRunOf = new FixedStatement<SignerSchema, unknown>((db) =>
  db
    .updateTable("threshold_requests")
    .set((eb) => ({ runs: eb("runs", "+", sql<bigint>`1`) }))
    .where("id", "=", ""),
);

/** The signing of a request that is not destroyed: one at most. */
const ofRequest = new FixedStatement<SignerSchema, SigningRow>((db) =>
  db
    .selectFrom("threshold_presignatures")
    .selectAll()
    .where("request_id", "=", "")
    // As the index threshold_presignatures_request has it: SQLite takes a partial index for its own words alone.
    .where("state", "in", [sql.lit("reserved"), sql.lit("used")])
    .where("incarnation", "=", currentIncarnation),
);

const destroyOf = new FixedStatement<SignerSchema, unknown>((db) =>
  db
    .updateTable("threshold_presignatures")
    .set({ state: sql.lit("destroyed"), sealed: sql<null>`null` })
    .where("signing_id", "=", "")
    .where("state", "=", sql.lit("reserved")),
);

/** The parameters are: what the signing is, then the presignature, its key, owner and epoch. */
const reserveOf = new FixedStatement<SignerSchema, { id: string }>((db) =>
  db
    .updateTable("threshold_presignatures")
    .set({
      signing_id: "",
      request_id: "",
      digest: "",
      client_entropy_hash: "",
      relayer_entropy: "",
      expires_at: 0n,
      state: sql.lit("reserved"),
    })
    .where("id", "=", "")
    .where("key_id", "=", "")
    .where("tenant", "=", "")
    .where("user_id", "=", "")
    .where("epoch", "=", 0n)
    .where("state", "=", sql.lit("available"))
    .where("incarnation", "=", currentIncarnation)
    .returning("id"),
);

const anyOf = new FixedStatement<SignerSchema, { id: string }>((db) =>
  db
    .selectFrom("threshold_presignatures")
    .select("id")
    .where("key_id", "=", "")
    .where("tenant", "=", "")
    .where("user_id", "=", "")
    .where("epoch", "=", 0n)
    .where("state", "=", sql.lit("available"))
    .where("incarnation", "=", currentIncarnation)
    .limit(sql.lit(1)),
);

const signingOf = new FixedStatement<SignerSchema, SigningRow>((db) =>
  db
    .selectFrom("threshold_presignatures")
    .selectAll()
    .where("signing_id", "=", "")
    .where("incarnation", "=", currentIncarnation),
);

/** Locks the request, as reserving another presignature for it does. */
const finishRequestOf = new FixedStatement<SignerSchema, { id: string }>((db) =>
  db
    .updateTable("threshold_requests")
    .set({ finished: sql<bigint>`1` })
    .where("id", "=", "")
    .where("finished", "=", sql<bigint>`0`)
    .where("incarnation", "=", currentIncarnation)
    .returning("id"),
);

/** The parameters are: the sealed answer, the signing, the time. */
const useOf = new FixedStatement<SignerSchema, { id: string }>((db) =>
  db
    .updateTable("threshold_presignatures")
    .set({ sealed: "", state: sql.lit("used") })
    .where("signing_id", "=", "")
    .where("expires_at", ">", 0n)
    .where("state", "=", sql.lit("reserved"))
    .where("incarnation", "=", currentIncarnation)
    .returning("id"),
);

/** Signings with presignatures. Whoever changes one and its request locks the request first. */
export function ecdsaSigningsOver(
  engine: Engine<SignerSchema>,
  { seals, onUnreadable }: SigningsOptions,
): Pick<EcdsaStore, "reserve" | "ecdsaSigning" | "finishEcdsaSigning"> {
  const requestOf = requestStatement(engine.locksRows);
  const rowOf = async (id: string) => (await engine.read((db) => signingOf.run(db, [id])))[0];
  return {
    reserve: (signing, epoch, maxRuns, now) =>
      engine.write(async (trx) => {
        const [request] = await requestOf.run(trx, [signing.requestId, signing.keyId]);
        if (request === undefined) return { kind: "request invalid" };
        return reserve(trx, request, { signing, epoch, maxRuns, now: toMillis(now, "time") });
      }),
    async ecdsaSigning(id, now) {
      let row = await rowOf(id);
      if (row?.state === "reserved" && row.expires_at <= toMillis(now, "time")) {
        await engine.write((trx) => destroyOf.run(trx, [id]));
        row = await rowOf(id);
      }
      if (row === undefined) return undefined;
      const standing = standingOf(row, seals());
      if (standing !== undefined) return standing;
      onUnreadable(id);
      return { stage: "destroyed", signing: signingFrom(row) };
    },
    async finishEcdsaSigning(id, answer, now) {
      const row = await rowOf(id);
      if (row?.state !== "reserved") return false;
      const sealed = toHex(seals().seal(answerPlace(id, row.key_id), answer));
      try {
        await engine.write(async (trx) => {
          const request = await finishRequestOf.run(trx, [row.request_id]);
          if (request.length === 0) throw new NotReserved();
          const used = await useOf.run(trx, [sealed, id, toMillis(now, "time")]);
          if (used.length === 0) throw new NotReserved();
        });
        return true;
      } catch (error) {
        if (error instanceof NotReserved) return false;
        throw error;
      }
    },
  };
}

/** Undoes the transaction. */
class NotReserved extends Error {}

interface Wish {
  readonly signing: NewEcdsaSigning;
  readonly epoch: number;
  readonly maxRuns: number;
  readonly now: bigint;
}

/** What `reserve` does once the request is locked. */
async function reserve(
  trx: Transaction<SignerSchema>,
  request: RequestRow,
  { signing, epoch, maxRuns, now }: Wish,
): Promise<Reservation> {
  const [standing] = await ofRequest.run(trx, [request.id]);
  if (standing !== undefined && standing.expires_at > now && isSame(standing, signing)) {
    return { kind: "reserved", signing: signingFrom(standing) };
  }
  if (request.finished !== 0n || request.expires_at <= now) return { kind: "request invalid" };
  const isAuthorised = request.digest === toHex(signing.digest);
  if (isAuthorised && request.runs >= BigInt(maxRuns)) return { kind: "request invalid" };
  if (standing !== undefined) await destroyOf.run(trx, [standing.signing_id]);
  if (!isAuthorised) return { kind: "digest mismatch" };

  await countRunOf.run(trx, [request.id]);
  const pool = [signing.keyId, signing.owner.tenant, signing.owner.user, whole(epoch, "epoch")];
  const presignature = toHex(signing.presignatureId);
  const reserved = await reserveOf.run(trx, [...columnsOf(signing), presignature, ...pool]);
  if (reserved.length > 0) return { kind: "reserved", signing };
  const others = await anyOf.run(trx, pool);
  return { kind: others.length === 0 ? "pool empty" : "presignature invalid" };
}

/** In the order of `reserveOf`. */
function columnsOf(signing: NewEcdsaSigning): readonly (string | bigint)[] {
  return [
    signing.id,
    signing.requestId,
    toHex(signing.digest),
    toHex(signing.clientEntropyHash),
    toHex(signing.relayerEntropy),
    toMillis(signing.expiresAt, "expiry of a signing"),
  ];
}

/** Whether a signing of the request is what the wish is for: what the signer adds may differ. */
function isSame(row: SigningRow, { digest, presignatureId, clientEntropyHash }: NewEcdsaSigning): boolean {
  return (
    row.digest === toHex(digest) &&
    row.id === toHex(presignatureId) &&
    row.client_entropy_hash === toHex(clientEntropyHash)
  );
}

/** Undefined when what is sealed does not open. */
function standingOf(row: SigningRow, seals: Seals): EcdsaSigningStanding | undefined {
  const signing = signingFrom(row);
  const { id, state, sealed, key_id: keyId } = row;
  if (state === "destroyed" || sealed === null) return { stage: "destroyed", signing };
  const place = state === "used" ? answerPlace(row.signing_id, keyId) : presignaturePlace(id, keyId);
  const opened = seals.open(place, fromHex(sealed));
  if (opened === undefined) return undefined;
  if (state === "used") return { stage: "done", signing, answer: opened };
  return { stage: "reserved", signing, presignature: { id: fromHex(id), state: opened } };
}

function answerPlace(signingId: string, keyId: string): SealPlace {
  return { purpose: "answer", sessionId: signingId, stage: "done", keyId };
}

function signingFrom(row: SigningRow): NewEcdsaSigning {
  return {
    id: row.signing_id,
    requestId: row.request_id,
    owner: { tenant: row.tenant, user: row.user_id },
    keyId: row.key_id,
    digest: fromHex(row.digest),
    presignatureId: fromHex(row.id),
    clientEntropyHash: fromHex(row.client_entropy_hash),
    relayerEntropy: fromHex(row.relayer_entropy),
    expiresAt: fromMillis(row.expires_at),
  };
}
