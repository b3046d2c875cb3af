import type { Relay } from "../relays/relay.ts";

/** What this page has learnt of the relays' current lock keys, of one suite. */
export class RelayKeys {
  readonly #current = new Map<string, string>();
  readonly #outdated = new Set<string>();
  /** Keys that a relay called outdated and current by turns: on this page it is not believed again. */
  readonly #disputed = new Set<string>();

  /** The key that locks, as far as the page knows. */
  current({ origin }: Relay): string | undefined {
    return this.#current.get(origin);
  }

  setCurrent({ origin }: Relay, keyId: string): void {
    const name = `${origin} ${keyId}`;
    if (this.#outdated.delete(name)) this.#disputed.add(name);
    this.#current.set(origin, keyId);
  }

  /** The key is in grace there, or not known at all: whatever was current is asked for anew. */
  outdated({ origin }: Relay, keyId: string): void {
    const name = `${origin} ${keyId}`;
    if (this.#disputed.has(name)) return;
    this.#outdated.add(name);
    if (this.#current.get(origin) === keyId) this.#current.delete(origin);
  }

  /** Whether an envelope of that key has to be made anew there, as far as the page knows. */
  isOutdated({ origin }: Relay, keyId: string): boolean {
    const current = this.#current.get(origin);
    return this.#outdated.has(`${origin} ${keyId}`) || (current !== undefined && current !== keyId);
  }
}
