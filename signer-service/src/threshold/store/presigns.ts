import { type Engine, fromMillis, toMillis, whole } from "@countersign/sql";
import { sql, type Transaction } from "kysely";
import { fromHex, toHex } from "../../chain/hash-text.ts";
import type { SealPlace, Seals } from "../../sealing/seals.ts";
import type { SignerSchema } from "../../store/schema.ts";
import type { EcdsaStore, NewPresign, Presign, PresignStage, PresignStep } from "../ecdsa/ecdsa-store.ts";
import { currentIncarnation } from "./current-incarnation.ts";
import { PresignRefused, takePresign } from "./presign-budgets.ts";
import { destroyOfPresign, insertPresignature } from "./presignatures.ts";
import type { SigningsOptions } from "./signings.ts";

/** Presign sessions. */
export function presignsOver(
  engine: Engine<SignerSchema>,
  { seals, onUnreadable }: SigningsOptions,
): Pick<EcdsaStore, "openPresign" | "presign" | "stepPresign" | "finishPresign" | "abortPresign"> {
  return {
    async openPresign(presign, step, budget, now) {
      const row = { ...columnsOf(presign), ...stepColumns(seals(), presign, 1, step) };
      try {
        await engine.write(async (trx) => {
          await takePresign(trx, engine.locksRows, presign, budget, now);
          await trx
            .insertInto("threshold_presigns")
            .values({ ...row, incarnation: currentIncarnation })
            .execute();
        });
        return "opened";
      } catch (error) {
        if (error instanceof PresignRefused) return error.reason;
        throw error;
      }
    },
    async presign(id, version, now) {
      const row = await standing(engine, id, version, now);
      if (row === undefined) return undefined;
      const found = fromRow(row, seals());
      if (found === undefined) onUnreadable(id);
      return found;
    },
    async stepPresign(presign, version, step, now) {
      const next = stepColumns(seals(), presign, version + 1, step);
      return engine.write((trx) => advance(trx, presign.id, version, next, now));
    },
    async finishPresign(presign, version, step, entry, now) {
      const next = stepColumns(seals(), presign, version + 1, step);
      const presignature = { presign, entry, createdAt: now };
      return engine.write(async (trx) => {
        if (!(await advance(trx, presign.id, version, next, now))) return false;
        await insertPresignature(trx, seals(), presignature);
        return true;
      });
    },
    abortPresign: (id) =>
      engine.write(async (trx) => {
        await trx.deleteFrom("threshold_presigns").where("id", "=", id).execute();
        await destroyOfPresign(trx, id);
      }),
  };
}

/** A session's row. Its state and its answer, which are large, are read where the call's version asks for them. */
function standing(engine: Engine<SignerSchema>, id: string, version: number, now: Date) {
  return engine.read((db) =>
    db
      .selectFrom("threshold_presigns")
      .select(["id", "tenant", "user_id", "key_id", "epoch", "token_hash", "expires_at"])
      .select(["version", "stage", "flight_hash"])
      .select(({ eb, ref }) => {
        const readAt = (at: number, column: "state" | "answer") =>
          eb.case().when("version", "=", whole(at, "version")).then(ref(column)).end().as(column);
        return [readAt(version, "state"), readAt(version + 1, "answer")];
      })
      .where("id", "=", id)
      .where("expires_at", ">", toMillis(now, "time"))
      .where("incarnation", "=", currentIncarnation)
      .executeTakeFirst(),
  );
}

type PresignRow = NonNullable<Awaited<ReturnType<typeof standing>>>;
type StepColumns = ReturnType<typeof stepColumns>;

/** Of several that go on from a version, one changes the row. */
async function advance(
  trx: Transaction<SignerSchema>,
  id: string,
  version: number,
  next: StepColumns,
  now: Date,
): Promise<boolean> {
  const advanced = await trx
    .updateTable("threshold_presigns")
    .set(next)
    .where("id", "=", id)
    .where("version", "=", whole(version, "version"))
    .where("stage", "<>", sql.lit("done"))
    .where("expires_at", ">", toMillis(now, "time"))
    .where("incarnation", "=", currentIncarnation)
    .returning("id")
    .executeTakeFirst();
  return advanced !== undefined;
}

function columnsOf(presign: NewPresign) {
  return {
    id: presign.id,
    tenant: presign.owner.tenant,
    user_id: presign.owner.user,
    key_id: presign.keyId,
    epoch: whole(presign.epoch, "epoch"),
    token_hash: presign.tokenHash,
    expires_at: toMillis(presign.expiresAt, "expiry of a presign session"),
  };
}

function stepColumns(seals: Seals, presign: NewPresign, version: number, step: PresignStep) {
  const { stage, flightHash, answer, state } = step;
  return {
    version: whole(version, "version"),
    stage,
    flight_hash: toHex(flightHash),
    answer: seals.seal(placeOf(presign, version, "presign-answer"), answer),
    state: stage === "done" ? null : seals.seal(placeOf(presign, version, "presign-run"), state),
  };
}

function placeOf(
  { id, keyId }: NewPresign,
  version: number,
  purpose: "presign-run" | "presign-answer",
): SealPlace {
  return { purpose, sessionId: id, stage: `version ${version}`, keyId };
}

function presignOf(row: PresignRow): NewPresign {
  return {
    id: row.id,
    owner: { tenant: row.tenant, user: row.user_id },
    keyId: row.key_id,
    epoch: Number(row.epoch),
    tokenHash: row.token_hash,
    expiresAt: fromMillis(row.expires_at),
  };
}

/** Undefined when what is sealed does not open. */
function fromRow(row: PresignRow, seals: Seals): Presign | undefined {
  const presign = presignOf(row);
  const version = Number(row.version);
  const opened = (purpose: "presign-run" | "presign-answer", sealed: Uint8Array | null) =>
    sealed === null ? new Uint8Array() : seals.open(placeOf(presign, version, purpose), sealed);
  const answer = opened("presign-answer", row.answer);
  const state = opened("presign-run", row.state);
  if (answer === undefined || state === undefined) return undefined;
  const stage = row.stage as PresignStage;
  return { ...presign, version, step: { stage, flightHash: fromHex(row.flight_hash), answer, state } };
}
