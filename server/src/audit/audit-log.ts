import { addressBucket } from "@countersign/service-kit";
import type { AuditEvent, AuditStore } from "../ledger/audit-types.ts";
import { boundedEvent } from "./bounded-event.ts";
import type { Refusal } from "./refusal-groups.ts";
import { RefusalPool } from "./refusal-pool.ts";

/** Refusals of callers who proved who they are: at most 323 rows a second. */
const PROVEN = { gatherMs: 1_000, maxGroups: 256, maxOthers: 64 };
/** Those of everybody else, of whom there may be any number: about one row a second. */
const STRANGERS = { gatherMs: 60_000, maxGroups: 64, maxOthers: 8 };

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
  readonly #proven: RefusalPool;
  readonly #strangers: RefusalPool;

  constructor(options: AuditLogOptions) {
    this.#options = options;
    const { store, now, onFailed } = options;
    const write = (events: readonly AuditEvent[]) => store.appendAudit(events);
    this.#proven = new RefusalPool({ ...PROVEN, now, write, onFailed });
    this.#strangers = new RefusalPool({ ...STRANGERS, now, write, onFailed });
  }

  /** Records a single event; durable when it resolves. Throws LedgerUnavailableError. */
  async record(event: Omit<AuditEvent, "at">): Promise<void> {
    await this.#options.store.appendAudit([boundedEvent({ ...event, at: this.#options.now() })]);
  }

  /**
   * Records a refusal together with those like it: the event's `count` says how many. One of a proven caller is written
   * within about a second, one of a stranger within about a minute, with IPv6 addresses by their /64; strangers take no
   * room from proven callers. Memory and what is written are bounded whatever callers do. While the ledger is away,
   * counting goes on; a write whose answer was lost is repeated, so that an event may then stand in the log twice.
   */
  note(refusal: Refusal): void {
    if (refusal.tenant !== "" || refusal.actor !== "anonymous") this.#proven.add(refusal);
    else this.#strangers.add({ ...refusal, address: addressBucket(refusal.address) });
  }

  /** Writes what was noted, as far as the ledger takes it; later notes are ignored. */
  async close(): Promise<void> {
    await Promise.all([this.#proven.close(), this.#strangers.close()]);
  }
}
