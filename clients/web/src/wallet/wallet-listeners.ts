import type { WalletEvent } from "./wallet-events.ts";

/** Who hears of a wallet's events. */
export class WalletListeners {
  readonly #listeners = new Set<(event: WalletEvent) => void>();

  /** Tells the listener of every event from now on; the function that it gives ends that. */
  on(listener: (event: WalletEvent) => void): () => void {
    // Of its own, so that who listens twice is told twice and can stop once.
    const one = (event: WalletEvent) => listener(event);
    this.#listeners.add(one);
    return () => void this.#listeners.delete(one);
  }

  /** What a listener throws is the page's own uncaught error, and no failure of the wallet. */
  tell(event: WalletEvent): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(event);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
