import type { Transaction } from "kysely";
import { insertAudit } from "./audit-events.ts";
import { checkReservation, reserve } from "./budget-reservation.ts";
import type { ChangeFeed } from "./changes.ts";
import { int64, toMillis } from "./column-values.ts";
import type { Engine } from "./engine.ts";
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
 * The key comes first, so that a call which was accepted before is answered whatever became of the queue and
 * of the mark. The budgets come last, so that other calls wait for them no longer than for the commit.
 */
export async function accept(
  engine: Engine,
  feed: ChangeFeed,
  bound: QueueBound,
  input: AcceptInput,
): Promise<AcceptResult> {
  check(input);
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
      if (!(await bound.admits(trx, input.maxOpen))) throw new Refused({ outcome: "queue-full" });
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
