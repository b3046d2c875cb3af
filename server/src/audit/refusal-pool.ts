import type { AuditEvent } from "../ledger/audit-types.ts";
import { type Refusal, type RefusalBounds, RefusalGroups } from "./refusal-groups.ts";

export interface RefusalPoolOptions extends RefusalBounds {
  /** How long refusals are counted before they are written, in milliseconds. */
  readonly gatherMs: number;
  readonly now: () => Date;
  /** Rejects when nothing was written, as far as is known: then the same events are given to it again. */
  readonly write: (events: readonly AuditEvent[]) => Promise<void>;
  readonly onFailed: (error: unknown) => void;
}

/** Counts refusals, and writes them from time to time: nothing while there are none. */
export class RefusalPool {
  readonly #options: RefusalPoolOptions;
  readonly #groups: RefusalGroups;
  /** Taken from the groups and not known to be written; nothing is added until it is. */
  #unwritten: AuditEvent[] = [];
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<boolean> | undefined;
  #closed = false;

  constructor(options: RefusalPoolOptions) {
    this.#options = options;
    this.#groups = new RefusalGroups(options);
  }

  add(refusal: Refusal): void {
    if (this.#closed) return;
    this.#groups.add(refusal, this.#options.now());
    this.#arm();
  }

  /** Writes what was added, as far as it can be written; what is added later is ignored. */
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
    }, this.#options.gatherMs);
    this.#timer.unref();
  }

  /** Whether it was written. */
  async #write(): Promise<boolean> {
    if (this.#unwritten.length === 0) this.#unwritten = this.#groups.take();
    try {
      await this.#options.write(this.#unwritten);
      this.#unwritten = [];
      return true;
    } catch (error) {
      this.#options.onFailed(error);
      return false;
    }
  }
}
