import { LedgerUnavailableError, mayBeOfOne } from "./errors.ts";
import type { AcceptInput, AcceptResult } from "./types.ts";

/** Most submissions of one transaction: it bounds how long the tenant's budgets are locked. */
const MAX_BATCH = 128;

interface Waiting {
  readonly input: AcceptInput;
  readonly resolve: (result: AcceptResult) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Joins what one tenant has accepted at the same time: its submissions share its budgets, which one transaction locks at a
 * time. Those that come while one runs are decided together by the next, in the order in which they came; one that comes
 * alone does not wait. Tenants do not wait for each other.
 */
export class AcceptQueue {
  readonly #decide: (inputs: readonly AcceptInput[]) => Promise<AcceptResult[]>;
  readonly #waiting = new Map<string, Waiting[]>();
  /** By tenant, resolves when nothing of it waits. */
  readonly #drains = new Map<string, Promise<void>>();
  #closed = false;

  /** `decide` answers in the order of the inputs, which share a tenant and may share a batch. */
  constructor(decide: (inputs: readonly AcceptInput[]) => Promise<AcceptResult[]>) {
    this.#decide = decide;
  }

  /** Throws LedgerUnavailableError once it is closed. */
  async add(input: AcceptInput): Promise<AcceptResult> {
    if (this.#closed) throw new LedgerUnavailableError("the ledger is closed");
    const { promise, resolve, reject } = Promise.withResolvers<AcceptResult>();
    const waiting = this.#waiting.get(input.tenant);
    if (waiting === undefined) {
      const begun = [{ input, resolve, reject }];
      this.#waiting.set(input.tenant, begun);
      this.#drains.set(input.tenant, this.#drain(input.tenant, begun));
    } else {
      waiting.push({ input, resolve, reject });
    }
    return promise;
  }

  /** Takes nothing more on, and resolves when all that waits is decided. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#drains.values());
  }

  async #drain(tenant: string, waiting: Waiting[]): Promise<void> {
    // Whatever is added in the same go comes along.
    await Promise.resolve();
    while (waiting.length > 0) {
      await this.#settle(waiting.splice(0, canShare(waiting.slice(0, MAX_BATCH).map(({ input }) => input))));
    }
    this.#waiting.delete(tenant);
    this.#drains.delete(tenant);
  }

  /** What one of them brings with it does not end the others. */
  async #settle(batch: readonly Waiting[]): Promise<void> {
    try {
      const results = await this.#decide(batch.map(({ input }) => input));
      for (const [i, { resolve, reject }] of batch.entries()) {
        const result = results[i];
        if (result === undefined) reject(new Error("a submission was not decided"));
        else resolve(result);
      }
    } catch (error) {
      if (batch.length > 1 && mayBeOfOne(error, UNDONE)) {
        for (const one of batch) await this.#settle([one]);
      } else {
        for (const { reject } of batch) reject(error);
      }
    }
  }
}

/**
 * How many of the first inputs one transaction can decide: no two of them conflict with each other, so that each is
 * accepted or refused whatever becomes of its neighbours. At least one.
 */
function canShare(inputs: readonly AcceptInput[]): number {
  const taken = new Set<string>();
  const nonces = new Map<string, bigint>();
  const bound = boundOf(inputs[0]);
  for (const [i, input] of inputs.entries()) {
    const names = onceOnly(input);
    if (names.some((name) => taken.has(name)) || boundOf(input) !== bound) return i;
    for (const name of names) taken.add(name);
    const { replayMark } = input;
    if (replayMark === null) continue;
    const key = `${input.submission.network} ${replayMark.senderId} ${replayMark.publicKey}`;
    if ((nonces.get(key) ?? -1n) > replayMark.nonce) return i;
    nonces.set(key, replayMark.nonce);
  }
  return inputs.length;
}

function boundOf(input: AcceptInput | undefined): string {
  return JSON.stringify([input?.maxOpen, input?.heldTenants]);
}

/** What no other submission may have as well. */
function onceOnly({ submission, caller, method, idempotencyKey, ...input }: AcceptInput): string[] {
  const { network, accountId } = submission;
  const names = [JSON.stringify([caller, method, idempotencyKey])];
  if (input.exclusiveAccount === true) names.push(`account ${network} ${accountId}`);
  if (input.replayMark !== null) {
    const { senderId, publicKey, nonce, delegateHash } = input.replayMark;
    names.push(`nonce ${network} ${senderId} ${publicKey} ${nonce}`, `hash ${network} ${delegateHash}`);
  }
  return names;
}

/** SQLSTATE of a serialization failure and a deadlock: the transaction was undone for sure. */
const UNDONE = ["40001", "40P01"];
