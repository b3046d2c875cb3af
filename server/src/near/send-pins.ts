import type { Endpoints } from "./endpoints.ts";

/**
 * Where each lane's transactions are sent: to one endpoint while that takes them, so that they come to the chain in the
 * order of their nonces. A lane moves when its endpoint's breaker opens, when that asks to be left alone or falls behind,
 * and then stays where it is. It begins at the first in the configuration that takes sends, and when none does, it stays as
 * well.
 */
export class SendPins {
  readonly #endpoints: Endpoints;
  /** By lane. As many as the relay has had keys. */
  readonly #pins = new Map<string, number>();

  constructor(endpoints: Endpoints) {
    this.#endpoints = endpoints;
  }

  /**
   * The endpoint that gets a lane's next transaction; for one that `tried` some already, the best of the others, and
   * undefined when it tried them all.
   */
  choose(lane: string, tried: ReadonlySet<number>): number | undefined {
    const pin = this.#pinOf(lane);
    if (!tried.has(pin)) return pin;
    return this.#endpoints.ranked("send").find(({ endpoint }) => !tried.has(endpoint))?.endpoint;
  }

  #pinOf(lane: string): number {
    const pin = this.#pins.get(lane);
    if (pin !== undefined && this.#endpoints.takes(pin, "send")) return pin;
    const ranked = this.#endpoints.ranked("send");
    const taking = ranked.filter(({ takes }) => takes).map(({ endpoint }) => endpoint);
    // At the start all have answered too little for their scores to say more than the configuration does.
    const next = pin === undefined ? (taking.toSorted((a, b) => a - b)[0] ?? 0) : (taking[0] ?? pin);
    this.#pins.set(lane, next);
    return next;
  }
}
