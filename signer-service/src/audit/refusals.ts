import type { DatedEvent } from "./append-audit.ts";
import type { Refusal } from "./audit.ts";

/** How long refusals are gathered before they are written, in milliseconds. */
const GATHER_MS = 1_000;
/** Most entries of one write with a peer and a key of their own; what else there is becomes one more for each reason. */
const MAX_GROUPS = 64;

export interface RefusalsOptions {
  readonly now: () => Date;
  /** Rejects when nothing was written, as far as is known: then the same events are given to it again. */
  readonly write: (events: readonly DatedEvent[]) => Promise<void>;
  readonly onFailed: (error: unknown) => void;
}

interface Group {
  readonly at: Date;
  /** The first of them. */
  readonly refusal: Refusal;
  count: number;
}

/** Many alike, and many more than there is room for, so that whoever asks for nonsense cannot fill the store. */
const OTHERS: Refusal = {
  peer: "others",
  keyId: "",
  reason: "",
  message: "",
  requestId: "",
  payloadHash: "",
  tenant: "",
  submissionId: "",
};

/** Counts refusals that are alike and writes them within about a second; nothing runs while there are none. */
export class Refusals {
  readonly #options: RefusalsOptions;
  #groups = new Map<string, Group>();
  /** Taken from the groups and not known to be written; meanwhile the groups go on counting. */
  #unwritten: DatedEvent[] = [];
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<boolean> | undefined;
  #closed = false;

  constructor(options: RefusalsOptions) {
    this.#options = options;
  }

  add(refusal: Refusal): void {
    if (this.#closed) return;
    const { peer, keyId, reason } = refusal;
    const key = JSON.stringify([peer, keyId, reason]);
    const own = this.#groups.has(key) || this.#groups.size < MAX_GROUPS;
    // There are few reasons: whoever fills the groups with others cannot hide what else was tried.
    this.#count(own ? key : reason, own ? refusal : { ...OTHERS, reason });
    this.#arm();
  }

  /** Writes what was added, as far as it can be written; what is added later is ignored. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#writing;
    while (this.#hasWork && (await this.#write()));
  }

  #count(key: string, refusal: Refusal): void {
    const group = this.#groups.get(key);
    if (group !== undefined) group.count += 1;
    else this.#groups.set(key, { at: this.#options.now(), refusal, count: 1 });
  }

  get #hasWork(): boolean {
    return this.#unwritten.length > 0 || this.#groups.size > 0;
  }

  #arm(): void {
    if (this.#closed || this.#timer !== undefined || this.#writing !== undefined || !this.#hasWork) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#writing = this.#write().finally(() => {
        this.#writing = undefined;
        this.#arm();
      });
    }, GATHER_MS);
    this.#timer.unref();
  }

  /** Whether it was written. */
  async #write(): Promise<boolean> {
    if (this.#unwritten.length === 0) {
      this.#unwritten = [...this.#groups.values()].map(toEvent);
      this.#groups = new Map();
    }
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

function toEvent({ at, refusal, count }: Group): DatedEvent {
  const { peer, keyId, reason, message, requestId, payloadHash, tenant, submissionId } = refusal;
  const detail = {
    reason,
    count: count.toString(),
    message,
    request_id: requestId,
    payload_hash: payloadHash,
    tenant,
    submission_id: submissionId,
  };
  const told = Object.entries(detail).filter(([, value]) => value !== "");
  return { at, kind: "refused", actor: peer, keyId, detail: Object.fromEntries(told) };
}
