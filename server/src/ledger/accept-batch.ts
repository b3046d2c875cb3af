import type { Transaction } from "kysely";
import { insertAudit } from "./audit-events.ts";
import { reserve } from "./budget-reservation.ts";
import type { ChangeFeed, NoteChange } from "./changes.ts";
import type { Engine } from "./engine.ts";
import { claimKeys, findIdempotents } from "./idempotency.ts";
import { asAccepted, insertSubmissions } from "./new-submissions.ts";
import type { QueueBound } from "./queue-bound.ts";
import { passedNonces, type SubmissionMark, setReplayMarks } from "./replay-marks.ts";
import type { LedgerSchema } from "./schema.ts";
import { logTransitions } from "./transition-log.ts";
import type { AcceptInput, AcceptResult } from "./types.ts";

type Refusal = Exclude<AcceptResult, { readonly outcome: "accepted" | "repeated" }>;
type Results = Map<AcceptInput, AcceptResult>;

/** Leaves the transaction with nothing written. */
class Refused extends Error {
  readonly refusals: ReadonlyMap<AcceptInput, Refusal>;

  constructor(refusals: ReadonlyMap<AcceptInput, Refusal>) {
    super("some submissions are refused");
    this.refusals = refusals;
  }
}

/**
 * Decides submissions of one tenant, which `canShare` lets into one batch, in a transaction. When some are refused, it is
 * undone and the others are decided again without them: what is committed holds nothing of a refusal.
 */
export async function acceptBatch(
  engine: Engine,
  feed: ChangeFeed,
  bound: QueueBound,
  inputs: readonly AcceptInput[],
): Promise<ReadonlyMap<AcceptInput, AcceptResult>> {
  const results: Results = new Map();
  let open = inputs;
  while (open.length > 0) {
    const asked = open;
    try {
      const decided = await feed.write((trx, note) => decide(engine, trx, bound, asked, note));
      for (const [input, result] of decided) results.set(input, result);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      for (const [input, refusal] of error.refusals) results.set(input, refusal);
    }
    open = asked.filter((input) => !results.has(input));
  }
  return results;
}

/**
 * The keys come first, so that a call which was accepted before is answered whatever became of the queue and of the
 * mark. The budgets come last, so that other replicas wait for them no longer than for the commit.
 */
async function decide(
  engine: Engine,
  trx: Transaction<LedgerSchema>,
  bound: QueueBound,
  inputs: readonly AcceptInput[],
  note: NoteChange,
): Promise<Results> {
  const results: Results = new Map();
  const claimed = await claimKeys(trx, inputs);
  const fresh: AcceptInput[] = [];
  for (const input of inputs) {
    if (claimed.has(input.submission.id)) fresh.push(input);
    else results.set(input, await earlier(trx, input));
  }
  const [first] = fresh;
  if (first === undefined) return results;

  await markDelegates(trx, fresh);
  const room = await bound.admits(trx, fresh.length, first.maxOpen, first.heldTenants);
  refuse(fresh, (_, i) => (i < room ? undefined : { outcome: "queue-full" }));
  const inserted = await insertSubmissions(trx, fresh);
  refuse(fresh, ({ submission: { id } }) => (inserted.has(id) ? undefined : { outcome: "account-busy" }));
  const createdAt = ({ submission: { id }, at }: AcceptInput) => inserted.get(id) ?? at;
  await logTransitions(
    trx,
    fresh.map((input) => ({
      submissionId: input.submission.id,
      seq: 1n,
      state: "ACCEPTED",
      at: createdAt(input),
    })),
  );
  await insertAudit(
    trx,
    fresh.map(({ audit }) => audit),
  );
  // In the periods in which the submissions stand: their ends are settled there.
  const timed = fresh.map((input) => ({ budget: input.budget, at: createdAt(input) }));
  const reserved = await reserve(engine, trx, first.tenant, timed);
  refuse(fresh, (_, i) => {
    const made = reserved[i];
    return made !== undefined && "exhausted" in made
      ? { outcome: "budget-exhausted", level: made.exhausted }
      : undefined;
  });
  for (const [i, input] of fresh.entries()) {
    const made = reserved[i];
    note(input.submission.id, "ACCEPTED");
    const budget = made !== undefined && "levels" in made ? made.levels : [];
    results.set(input, { outcome: "accepted", submission: asAccepted(input, createdAt(input)), budget });
  }
  return results;
}

/** Throws Refused when there are refusals. */
function refuse(
  inputs: readonly AcceptInput[],
  refusalOf: (input: AcceptInput, index: number) => Refusal | undefined,
): void {
  const refusals = new Map<AcceptInput, Refusal>();
  for (const [i, input] of inputs.entries()) {
    const refusal = refusalOf(input, i);
    if (refusal !== undefined) refusals.set(input, refusal);
  }
  if (refusals.size > 0) throw new Refused(refusals);
}

async function markDelegates(trx: Transaction<LedgerSchema>, inputs: readonly AcceptInput[]): Promise<void> {
  const marks = inputs.flatMap(({ submission: { network, id }, replayMark: mark }): SubmissionMark[] =>
    mark === null ? [] : [{ network, mark, submissionId: id }],
  );
  const marked = await setReplayMarks(trx, marks);
  refuse(inputs, ({ replayMark, submission: { id } }) =>
    replayMark === null || marked.has(id) ? undefined : { outcome: "replayed" },
  );
  const passed = await passedNonces(trx, marks);
  refuse(inputs, ({ submission: { id } }) => (passed.has(id) ? { outcome: "nonce-passed" } : undefined));
}

async function earlier(trx: Transaction<LedgerSchema>, input: AcceptInput): Promise<AcceptResult> {
  const [found] = await findIdempotents(trx, [{ ...input, key: input.idempotencyKey }]);
  if (found === undefined) throw new Error("an idempotency key is taken and names no submission");
  if (Buffer.compare(found.bodyHash, input.bodyHash) !== 0) return { outcome: "key-reused" };
  return { outcome: "repeated", submission: found.submission };
}
