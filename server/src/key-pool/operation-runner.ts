import type { KeyOperation, KeyOperationStore } from "../ledger/ledger.ts";
import type { Events } from "../observability/events.ts";
import { movedEvent } from "./operation-audit.ts";
import { bounded, problemText } from "./problem-text.ts";
import type { StepContext } from "./step-context.ts";
import { isEnd, stepAfter } from "./step-order.ts";
import type { StepResult } from "./step-result.ts";
import { takeStep } from "./take-step.ts";

/** How often operations are looked at, in milliseconds. */
const LOOK_MS = 1_000;
/** The first pause after a failure, in milliseconds; each one after it is twice as long, up to a most. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
/** The same after a submission that came to nothing: each try is one more, and costs gas where the chain refuses it. */
const LONGEST_PAUSE_AFTER_SUBMISSION_MS = 600_000;
/** A step that waits for longer than this, in milliseconds, tells for what. */
const LONG_WAIT_MS = 60_000;

export interface OperationRunnerOptions extends StepContext {
  readonly network: string;
  readonly ledger: Pick<
    KeyOperationStore,
    "openKeyOperations" | "changeKeyOperation" | "openByKey" | "openKeyChange"
  >;
  readonly events: Pick<Events, "keyOperationMoved" | "keyOperationFailed" | "ledgerUnavailable">;
}

/** A step that failed, with what nobody but the log may see. */
type Failed = Extract<StepResult, { readonly kind: "failed" }> & { readonly error?: unknown };
type Taken = Exclude<StepResult, { readonly kind: "failed" }> | Failed;

/**
 * Drives the operations of a network. Any replica may drive any of them, also two at once: steps may be repeated, and the
 * ledger takes what comes of a step only from whoever saw the operation as it is.
 */
export class OperationRunner {
  readonly #options: OperationRunnerOptions;
  #wake = Promise.withResolvers<void>();

  constructor(options: OperationRunnerOptions) {
    this.#options = options;
  }

  /** There is something to do. */
  wake(): void {
    this.#wake.resolve();
  }

  /** Until `signal` aborts. Never throws. */
  async run(signal: AbortSignal): Promise<void> {
    const onAbort = () => this.wake();
    signal.addEventListener("abort", onAbort, { once: true });
    while (!signal.aborted) {
      this.#wake = Promise.withResolvers();
      await this.round(signal);
      if (signal.aborted) break;
      const timer = setTimeout(onAbort, LOOK_MS);
      await this.#wake.promise;
      clearTimeout(timer);
    }
    signal.removeEventListener("abort", onAbort);
  }

  /** Takes every operation as far as it goes now. Never throws. */
  async round(signal: AbortSignal): Promise<void> {
    const { ledger, network, now, events } = this.#options;
    const onFailed = (error: unknown) => {
      if (!signal.aborted) events.ledgerUnavailable({ operation: "key-operations", error });
    };
    try {
      const open = await ledger.openKeyOperations(network);
      const due = open.filter(({ tryAt }) => tryAt <= now());
      // Nothing of a round runs on after it.
      await Promise.all(due.map((operation) => this.#drive(operation, signal).catch(onFailed)));
    } catch (error) {
      onFailed(error);
    }
  }

  async #drive(operation: KeyOperation, signal: AbortSignal): Promise<void> {
    for (let current: KeyOperation | undefined = operation; current !== undefined && !isEnd(current.step); ) {
      const result = await this.#step(current, signal);
      if (result === undefined) return;
      current = await this.#record(current, result);
    }
  }

  /** Undefined when the relay stops: what failed for that is no problem. */
  async #step(operation: KeyOperation, signal: AbortSignal): Promise<Taken | undefined> {
    try {
      return await takeStep(operation, this.#options, signal);
    } catch (error) {
      return signal.aborted ? undefined : { kind: "failed", problem: problemText(error), error };
    }
  }

  /** Answers the operation when its next step may be taken at once. */
  async #record(operation: KeyOperation, result: Taken): Promise<KeyOperation | undefined> {
    const { ledger } = this.#options;
    switch (result.kind) {
      case "done":
        return this.#move(operation, result);
      case "noted":
        return ledger.changeKeyOperation(operation, result.change, null);
      case "waits":
        await this.#noteWait(operation, result.on);
        return undefined;
      case "failed":
        await this.#noteFailure(operation, result);
        return undefined;
    }
  }

  async #move(
    operation: KeyOperation,
    { newPublicKey = operation.newPublicKey }: { readonly newPublicKey?: string },
  ): Promise<KeyOperation | undefined> {
    const { ledger, events, now } = this.#options;
    const { id, accountId, kind, step: from } = operation;
    const to = stepAfter(kind, from);
    const at = now();
    const moved = await ledger.changeKeyOperation(
      operation,
      {
        ...{ step: to, stepAt: at, newPublicKey, submissionId: "", failedSubmissions: 0 },
        ...{ tries: 0, problem: "", tryAt: at },
        ...(isEnd(to) ? { endedAt: at } : {}),
      },
      movedEvent({ ...operation, newPublicKey }, to, at),
    );
    if (moved !== undefined) events.keyOperationMoved({ operationId: id, accountId, kind, from, to });
    return moved;
  }

  /** Why the submission before came to nothing stays to be read while another one is under way. */
  async #noteWait(operation: KeyOperation, on: string): Promise<void> {
    const { ledger, now } = this.#options;
    const isLong = now().getTime() - operation.stepAt.getTime() > LONG_WAIT_MS;
    const before = operation.failedSubmissions > 0 ? operation.problem : "";
    const problem = before !== "" ? before : isLong ? bounded(`waits for ${on}`) : "";
    if (problem === operation.problem) return;
    await ledger.changeKeyOperation(operation, { problem, tries: 0 }, null);
  }

  async #noteFailure(operation: KeyOperation, { problem, change, error }: Failed): Promise<void> {
    const { ledger, events, now } = this.#options;
    const { id, accountId, kind, step, tries } = operation;
    const failures = (change?.failedSubmissions ?? tries + 1) - 1;
    const longest = change === undefined ? LONGEST_PAUSE_MS : LONGEST_PAUSE_AFTER_SUBMISSION_MS;
    const pauseMs = Math.min(longest, FIRST_PAUSE_MS * 2 ** Math.min(failures, 10));
    const tryAt = new Date(now().getTime() + pauseMs);
    const noted = await ledger.changeKeyOperation(
      operation,
      { problem: bounded(problem), tries: tries + 1, tryAt, ...change },
      null,
    );
    if (noted === undefined) return;
    events.keyOperationFailed({ operationId: id, accountId, kind, step, problem: noted.problem, error });
  }
}
