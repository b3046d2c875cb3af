import type { AuditEvent, AuditStore } from "../ledger/protection-types.ts";
import { boundedEvent } from "./bounded-event.ts";
import { type Refusal, RefusalGroups } from "./refusal-groups.ts";

/** How long refusals of one kind are counted before they are written as one event. */
const COALESCE_MS = 1_000;

export interface AuditLogOptions {
  readonly store: Pick<AuditStore, "appendAudit">;
  readonly now: () => Date;
  /** Refusals could not be written; they are kept and tried again, until `close`. */
  readonly onFailed: (error: unknown) => void;
}

/**
 * What the relay records, besides what goes with a transaction of its own (submissions, changes by operators): pass
 * those through `boundedEvent` too.
 */
export class AuditLog {
  readonly #options: AuditLogOptions;
  readonly #groups = new RefusalGroups();
  /** Taken from the groups and not known to be written; nothing is added until it is. */
  #unwritten: AuditEvent[] = [];
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<boolean> | undefined;
  #closed = false;

  constructor(options: AuditLogOptions) {
    this.#options = options;
  }

  /** Records a single event; durable when it resolves. Throws LedgerUnavailableError. */
  async record(event: Omit<AuditEvent, "at">): Promise<void> {
    await this.#options.store.appendAudit([boundedEvent({ ...event, at: this.#options.now() })]);
  }

  /**
   * Records a refusal within about a second, together with those like it: the event's `count` says how many. Memory and
   * what is written are bounded whatever callers do. While the ledger is away, counting goes on; a write whose answer
   * was lost is repeated, so that an event may then stand in the log twice.
   */
  note(refusal: Refusal): void {
    if (this.#closed) return;
    this.#groups.add(refusal, this.#options.now());
    this.#arm();
  }

  /** Writes what was noted, as far as the ledger takes it; later notes are ignored. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#writing;
    while (this.#hasWork && (await this.#write()));
  }

  get #hasWork(): boolean {
    return this.#unwritten.length > 0 || !this.#groups.empty;
  }

  #arm(): void {
    if (this.#closed || this.#timer !== undefined || this.#writing !== undefined || !this.#hasWork) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#writing = this.#write().finally(() => {
        this.#writing = undefined;
        this.#arm();
      });
    }, COALESCE_MS);
    this.#timer.unref();
  }

  /** Whether it was written. */
  async #write(): Promise<boolean> {
    if (this.#unwritten.length === 0) this.#unwritten = this.#groups.take();
    try {
      await this.#options.store.appendAudit(this.#unwritten);
      this.#unwritten = [];
      return true;
    } catch (error) {
      this.#options.onFailed(error);
      return false;
    }
  }
}
