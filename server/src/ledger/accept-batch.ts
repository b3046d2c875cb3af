import { fromMillis, together } from "@countersign/sql";
import type { Transaction } from "kysely";
import { insertAudit } from "./audit-events.ts";
import { reserve } from "./budget-reservation.ts";
import type { ChangeFeed, NoteChange } from "./changes.ts";
import { withCreationTimes } from "./creation-times.ts";
import type { Engine } from "./engine.ts";
import { claimKeys, findIdempotents, type Idempotent } from "./idempotency.ts";
import { asAccepted, insertSubmissions } from "./new-submissions.ts";
import type { QueueBound } from "./queue-bound.ts";
import { passedNonces, type SubmissionMark, setReplayMarks } from "./replay-marks.ts";
import type { LedgerSchema } from "./schema.ts";
import { logTransitions } from "./transition-log.ts";
import type { AcceptInput, AcceptResult } from "./types.ts";

type NotAccepted = Exclude<AcceptResult, { readonly outcome: "accepted" }>;
type Results = Map<AcceptInput, AcceptResult>;

/** Leaves the transaction with nothing written: some of its submissions are not to be accepted. */
class NotAllAccepted extends Error {
  readonly others: ReadonlyMap<AcceptInput, NotAccepted>;

  constructor(others: ReadonlyMap<AcceptInput, NotAccepted>) {
    super("some submissions are not accepted");
    this.others = others;
  }
}

/**
 * Decides submissions of one tenant, which `canShare` lets into one batch, in a transaction. When some are refused, or were
 * accepted before, it is undone and the others are decided again without them: what is committed holds nothing of those.
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
      if (!(error instanceof NotAllAccepted)) throw error;
      for (const [input, other] of error.others) results.set(input, other);
    }
    open = asked.filter((input) => !results.has(input));
  }
  return results;
}

/**
 * The keys come first, so that a call which was accepted before is answered whatever became of the queue and of the
 * mark. The budgets come last, so that other replicas wait for them no longer than for the commit. What does not need the
 * answer of another statement goes with it.
 */
async function decide(
  engine: Engine,
  trx: Transaction<LedgerSchema>,
  bound: QueueBound,
  inputs: readonly AcceptInput[],
  note: NoteChange,
): Promise<Results> {
  const results: Results = new Map();
  const [first] = inputs;
  if (first === undefined) return results;

  const marks = inputs.flatMap(({ submission: { network, id }, replayMark: mark }): SubmissionMark[] =>
    mark === null ? [] : [{ network, mark, submissionId: id }],
  );
  const [claimed, passed, marked, timed] = await together([
    claimKeys(trx, inputs),
    passedNonces(trx, marks),
    setReplayMarks(trx, marks),
    withCreationTimes(trx, inputs),
  ]);
  const repeated = inputs.filter(({ submission: { id } }) => !claimed.has(id));
  if (repeated.length > 0) throw new NotAllAccepted(await earlierOnes(trx, repeated));
  refuse(inputs, ({ replayMark, submission: { id } }) =>
    replayMark === null || marked.has(id) ? undefined : { outcome: "replayed" },
  );
  refuse(inputs, ({ submission: { id } }) => (passed.has(id) ? { outcome: "nonce-passed" } : undefined));
  const room = await bound.admits(trx, inputs.length, first.maxOpen, first.heldTenants);
  refuse(inputs, (_, i) => (i < room ? undefined : { outcome: "queue-full" }));

  const accepted = timed.map(({ input, createdAt }) => ({ input, at: fromMillis(createdAt) }));
  const [inserted, , , reserved] = await together([
    insertSubmissions(trx, timed),
    logTransitions(
      trx,
      accepted.map(({ input, at }) => ({
        submissionId: input.submission.id,
        seq: 1n,
        state: "ACCEPTED",
        at,
      })),
    ),
    insertAudit(
      trx,
      inputs.map(({ audit }) => audit),
    ),
    // In the periods in which the submissions stand: their ends are settled there.
    reserve(
      engine,
      trx,
      first.tenant,
      accepted.map(({ input, at }) => ({ budget: input.budget, at })),
    ),
  ]);
  refuse(inputs, ({ submission: { id } }) => (inserted.has(id) ? undefined : { outcome: "account-busy" }));
  refuse(inputs, (_, i) => {
    const made = reserved[i];
    return made !== undefined && "exhausted" in made
      ? { outcome: "budget-exhausted", level: made.exhausted }
      : undefined;
  });
  for (const [i, { input, at }] of accepted.entries()) {
    const made = reserved[i];
    note(input.submission.id, "ACCEPTED");
    const budget = made !== undefined && "levels" in made ? made.levels : [];
    results.set(input, { outcome: "accepted", submission: asAccepted(input, at), budget });
  }
  return results;
}

/** Throws NotAllAccepted when there are refusals. */
function refuse(
  inputs: readonly AcceptInput[],
  refusalOf: (input: AcceptInput, index: number) => NotAccepted | undefined,
): void {
  const refusals = new Map<AcceptInput, NotAccepted>();
  for (const [i, input] of inputs.entries()) {
    const refusal = refusalOf(input, i);
    if (refusal !== undefined) refusals.set(input, refusal);
  }
  if (refusals.size > 0) throw new NotAllAccepted(refusals);
}

/** What was accepted under the keys of these. */
async function earlierOnes(
  trx: Transaction<LedgerSchema>,
  inputs: readonly AcceptInput[],
): Promise<ReadonlyMap<AcceptInput, NotAccepted>> {
  const found = await findIdempotents(
    trx,
    inputs.map((input) => ({ ...input, key: input.idempotencyKey })),
  );
  return new Map(inputs.map((input, i) => [input, outcomeOf(input, found[i])]));
}

function outcomeOf({ bodyHash }: AcceptInput, earlier: Idempotent | undefined): NotAccepted {
  if (earlier === undefined) throw new Error("an idempotency key is taken and names no submission");
  if (Buffer.compare(earlier.bodyHash, bodyHash) !== 0) return { outcome: "key-reused" };
  return { outcome: "repeated", submission: earlier.submission };
}
