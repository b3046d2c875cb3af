import { type Engine, fromMillis, toMillis, whole } from "@countersign/sql";
import { type Selectable, sql, type Transaction } from "kysely";
import { fromHex, toHex } from "../../chain/hash-text.ts";
import type { SignerSchema, ThresholdPresignTable } from "../../store/schema.ts";
import type { EcdsaStore, NewPresign, Presign, PresignStage, PresignStep } from "../ecdsa/ecdsa-store.ts";
import type { SealPlace, Seals } from "../sealing.ts";
import { currentIncarnation } from "./current-incarnation.ts";
import { PresignRefused, takePresign } from "./presign-budgets.ts";
import { destroyOfPresign, insertPresignature } from "./presignatures.ts";
import type { SigningsOptions } from "./signings.ts";

type PresignRow = Selectable<ThresholdPresignTable>;

/** Presign sessions. */
export function presignsOver(
  engine: Engine<SignerSchema>,
  { seals, onUnreadable }: SigningsOptions,
): Pick<EcdsaStore, "openPresign" | "presign" | "stepPresign" | "finishPresign" | "abortPresign"> {
  /** The session as it stands at a version; undefined when it is at another one, or gone. */
  const standing = (id: string, now: Date, version?: number) =>
    engine.read((db) =>
      db
        .selectFrom("threshold_presigns")
        .selectAll()
        .where("id", "=", id)
        .where("expires_at", ">", toMillis(now, "time"))
        .where("incarnation", "=", currentIncarnation)
        .$if(version !== undefined, (q) => q.where("version", "=", whole(version ?? 0, "version")))
        .executeTakeFirst(),
    );

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
    async presign(id, now) {
      const row = await standing(id, now);
      if (row === undefined) return undefined;
      const found = fromRow(row, seals());
      if (found === undefined) onUnreadable(id);
      return found;
    },
    async stepPresign(id, version, step, now) {
      const row = await standing(id, now, version);
      if (row === undefined) return false;
      const next = stepColumns(seals(), presignOf(row), version + 1, step);
      return engine.write((trx) => advance(trx, row, next, now));
    },
    async finishPresign(id, version, step, entry, now) {
      const row = await standing(id, now, version);
      if (row === undefined) return false;
      const presign = presignOf(row);
      const next = stepColumns(seals(), presign, version + 1, step);
      const presignature = { presign, entry, createdAt: now };
      return engine.write(async (trx) => {
        if (!(await advance(trx, row, next, now))) return false;
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

type StepColumns = ReturnType<typeof stepColumns>;

/** Of several that go on from a version, one changes the row. */
async function advance(
  trx: Transaction<SignerSchema>,
  { id, version }: PresignRow,
  next: StepColumns,
  now: Date,
): Promise<boolean> {
  const advanced = await trx
    .updateTable("threshold_presigns")
    .set(next)
    .where("id", "=", id)
    .where("version", "=", version)
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
  const answer = seals.open(placeOf(presign, version, "presign-answer"), row.answer);
  if (answer === undefined) return undefined;
  const state =
    row.state === null ? new Uint8Array() : seals.open(placeOf(presign, version, "presign-run"), row.state);
  if (state === undefined) return undefined;
  const stage = row.stage as PresignStage;
  return { ...presign, version, step: { stage, flightHash: fromHex(row.flight_hash), answer, state } };
}
