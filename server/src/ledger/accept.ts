import { int64, toMillis } from "@countersign/sql";
import type { Kysely, Transaction } from "kysely";
import { insertAudit } from "./audit-events.ts";
import { checkReservation, findExhausted, reserve } from "./budget-reservation.ts";
import type { BudgetLevel } from "./budget-types.ts";
import type { ChangeFeed } from "./changes.ts";
import type { Engine } from "./engine.ts";
import type { ExhaustedLately } from "./exhausted-lately.ts";
import { claimKey, findIdempotent } from "./idempotency.ts";
import type { QueueBound } from "./queue-bound.ts";
import { isNoncePassed, setReplayMark } from "./replay-marks.ts";
import type { LedgerSchema } from "./schema.ts";
import { logTransitions } from "./transition-log.ts";
import type { AcceptInput, AcceptResult, Submission } from "./types.ts";

type Refusal = Exclude<AcceptResult, { readonly outcome: "accepted" | "repeated" }>;

/** Leaves the transaction with nothing written. */
class Refused extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.outcome);
    this.refusal = refusal;
  }
}

/**
 * One transaction decides. Of those whose budget was exhausted a moment ago it is looked at first: a flood of refusals
 * would lock the tenant's hot rows again and again.
 */
export async function accept(
  engine: Engine,
  feed: ChangeFeed,
  bound: QueueBound,
  lately: ExhaustedLately,
  input: AcceptInput,
): Promise<AcceptResult> {
  check(input);
  const { tenant, budget, at } = input;
  const level = lately.has(tenant, budget.user, at)
    ? await engine.read((db) => foreseen(db, input))
    : undefined;
  const result: AcceptResult =
    level === undefined ? await decided(engine, feed, bound, input) : { outcome: "budget-exhausted", level };
  // Where rows are not locked, a refusal costs others nothing.
  if (engine.locksRows && result.outcome === "budget-exhausted") {
    lately.note(tenant, budget.user, result.level, at);
  }
  return result;
}

/**
 * The bound that the transaction would break, but not for a call that was accepted before. The budgets come first:
 * a reservation that is seen in them shows its key to the second read.
 */
async function foreseen(db: Kysely<LedgerSchema>, input: AcceptInput): Promise<BudgetLevel | undefined> {
  const { tenant, budget, at, idempotencyKey: key } = input;
  const level = await findExhausted(db, tenant, budget, at);
  if (level === undefined || (await findIdempotent(db, { ...input, key })) !== undefined) return undefined;
  return level;
}

/**
 * The key comes first, so that a call which was accepted before is answered whatever became of the queue and
 * of the mark. The budgets come last, so that other calls wait for them no longer than for the commit.
 */
async function decided(
  engine: Engine,
  feed: ChangeFeed,
  bound: QueueBound,
  input: AcceptInput,
): Promise<AcceptResult> {
  try {
    return await feed.write(async (trx, note) => {
      const { submission, replayMark } = input;
      const claim = { ...input, key: input.idempotencyKey };
      if (!(await claimKey(trx, claim, input.bodyHash, submission.id))) return earlier(trx, input);
      if (replayMark !== null) {
        const { network, id } = submission;
        if (!(await setReplayMark(trx, network, replayMark, id))) throw new Refused({ outcome: "replayed" });
        if (await isNoncePassed(trx, network, replayMark)) throw new Refused({ outcome: "nonce-passed" });
      }
      if (!(await bound.admits(trx, input.maxOpen, input.heldTenants)))
        throw new Refused({ outcome: "queue-full" });
      if (!(await insertSubmission(trx, input))) throw new Refused({ outcome: "account-busy" });
      await insertAudit(trx, [input.audit]);
      const reserved = await reserve(engine, trx, input.tenant, input.budget, input.at);
      if ("exhausted" in reserved) {
        throw new Refused({ outcome: "budget-exhausted", level: reserved.exhausted });
      }
      note(submission.id, "ACCEPTED");
      return { outcome: "accepted", submission: asAccepted(input), budget: reserved.levels };
    });
  } catch (error) {
    if (error instanceof Refused) return error.refusal;
    throw error;
  }
}

function check({ bodyHash, submission, replayMark, budget }: AcceptInput): void {
  if (bodyHash.length !== 32) throw new RangeError(`bodyHash has ${bodyHash.length} bytes, not 32`);
  if (replayMark !== null && replayMark.delegateHash !== submission.delegateHash) {
    throw new RangeError("the replay mark and the submission name different delegates");
  }
  checkReservation(budget);
}

async function earlier(trx: Transaction<LedgerSchema>, input: AcceptInput): Promise<AcceptResult> {
  const found = await findIdempotent(trx, { ...input, key: input.idempotencyKey });
  if (found === undefined) throw new Error("an idempotency key is taken and names no submission");
  if (Buffer.compare(found.bodyHash, input.bodyHash) !== 0) return { outcome: "key-reused" };
  return { outcome: "repeated", submission: found.submission };
}

/** False when another exclusive submission for the account is open: ids are unique, so nothing else conflicts. */
async function insertSubmission(trx: Transaction<LedgerSchema>, input: AcceptInput): Promise<boolean> {
  const { submission, tenant, caller, budget, at } = input;
  const { numInsertedOrUpdatedRows } = await trx
    .insertInto("submissions")
    .values({
      id: submission.id,
      tenant,
      caller,
      kind: submission.kind,
      state: "ACCEPTED",
      version: 1n,
      network: submission.network,
      account_id: submission.accountId,
      receiver_id: submission.receiverId,
      delegate_hash: submission.delegateHash,
      payload: submission.payload,
      required_relayer: submission.requiredRelayer,
      expires_at_height:
        submission.expiresAtHeight === null ? null : int64(submission.expiresAtHeight, "expiresAtHeight"),
      exclusive_account: input.exclusiveAccount === true ? submission.accountId : null,
      created_at: toMillis(at, "at"),
      caller_credential: input.callerCredential?.reveal() ?? null,
      budget_user: budget.user,
      reserved_accounts: budget.amounts.accounts.toString(),
      reserved_gas: budget.amounts.gas.toString(),
      reserved_deposit: budget.amounts.deposit.toString(),
    })
    .onConflict((oc) =>
      oc
        .columns(["network", "exclusive_account"])
        .where("exclusive_account", "is not", null)
        .where("terminal_at", "is", null)
        .doNothing(),
    )
    .executeTakeFirst();
  if (numInsertedOrUpdatedRows !== 1n) return false;
  await logTransitions(trx, [{ submissionId: submission.id, seq: 1n, state: "ACCEPTED", at }]);
  return true;
}

/** What a read would give now. */
function asAccepted({ tenant, caller, submission, at }: AcceptInput): Submission {
  const { payload: _, ...shown } = submission;
  return {
    ...shown,
    tenant,
    caller,
    state: "ACCEPTED",
    createdAt: at,
    transaction: null,
    cost: null,
    failure: null,
    transitions: [{ seq: 1n, state: "ACCEPTED", at }],
  };
}
