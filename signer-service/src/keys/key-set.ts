import type { Backend } from "../backends/backend.ts";
import type { KeyBackend } from "../relayer-signer/key-backend.ts";
import type { OpenKey } from "../relayer-signer/relayer-signer.ts";
import type { KeySource } from "./key-sources.ts";
import type { RingKey } from "./ring-key.ts";

/** A source that gave no keys, and why. */
export interface MissingSource {
  readonly source: KeySource;
  readonly problem: string;
}

/** A key as it is given out, with the backend that makes its signatures. */
interface Entry {
  readonly key: RingKey;
  readonly backend: KeyBackend;
  /** For the relayer's signer. */
  readonly open: OpenKey;
}

/** The keys of one configuration with the backends that hold them. Keys are added while it is in use, never taken. */
export class KeySet {
  readonly backends: readonly Backend[];
  /** Aborted once another set has taken this one's place. */
  readonly retired: AbortSignal;
  missing: readonly MissingSource[];
  readonly #retiring = new AbortController();
  readonly #entries = new Map<string, Entry>();
  #running = 0;
  #onIdle = () => {};

  constructor(backends: readonly Backend[], missing: readonly MissingSource[]) {
    this.backends = backends;
    this.missing = missing;
    this.retired = this.#retiring.signal;
  }

  /** By id. */
  keys(): RingKey[] {
    return [...this.#entries.values()]
      .map(({ key }) => key)
      .sort((a, b) => (a.keyId < b.keyId ? -1 : a.keyId > b.keyId ? 1 : 0));
  }

  entry(keyId: string): Entry | undefined {
    return this.#entries.get(keyId);
  }

  /** Adds keys, or puts them in the place of those with their ids. */
  put(entries: readonly Entry[]): void {
    for (const entry of entries) this.#entries.set(entry.key.keyId, entry);
  }

  /** Does something with the set's backends: they stay open until it is done. */
  async use<T>(work: () => Promise<T>): Promise<T> {
    this.#running++;
    try {
      return await work();
    } finally {
      this.#running--;
      if (this.#running === 0) this.#onIdle();
    }
  }

  /** Closes the backends once nobody uses them any more. Gives what could not be closed. */
  async retire(): Promise<unknown[]> {
    this.#retiring.abort();
    if (this.#running > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    }
    return closeAll(this.backends);
  }
}

/** Closes every backend, whatever the others do; gives the failures. */
export async function closeAll(backends: readonly Backend[]): Promise<unknown[]> {
  const closed = await Promise.allSettled(backends.map((backend) => backend.close()));
  return closed.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
}
