import { type BreakerName, type CallUse, EndpointHealth, type EndpointReport } from "./endpoint-health.ts";

export interface EndpointsOptions {
  readonly count: number;
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
  /** A number in [0, 1), for jitter. */
  readonly random: () => number;
  /** Told when calls of a kind stay away from an endpoint, and when they come back. */
  readonly onBreaker?: ((change: BreakerChange) => void) | undefined;
}

export interface BreakerChange {
  readonly endpoint: number;
  readonly breaker: BreakerName;
  readonly to: "CLOSED" | "OPEN";
}

/** How much better another endpoint must be before reads go there, so that they do not wander between equals. */
const STAYING = 1.25;

/** How all endpoints do, by their places in the configuration, and which of them to ask first. */
export class Endpoints {
  readonly #all: readonly EndpointHealth[];
  /** Where reads were answered last. */
  #current = 0;

  constructor({ count, now, random, onBreaker }: EndpointsOptions) {
    this.#all = Array.from({ length: count }, (_, endpoint) => {
      const told = (breaker: BreakerName, to: "CLOSED" | "OPEN") => onBreaker?.({ endpoint, breaker, to });
      return new EndpointHealth({ now, random, onBreaker: told });
    });
  }

  get count(): number {
    return this.#all.length;
  }

  /** Throws RangeError for one that is not configured. */
  at(endpoint: number): EndpointHealth {
    const health = this.#all[endpoint];
    if (health === undefined) throw new RangeError(`no endpoint ${endpoint}`);
    return health;
  }

  /** Says where a read was answered: the next one goes there, too, unless another endpoint is clearly better. */
  stayAt(endpoint: number): void {
    this.#current = endpoint;
  }

  /**
   * All endpoints, the one to ask first at the head: those that take such calls now, the best before the others. Equals
   * come in the order of the configuration.
   */
  ranked(use: CallUse): { endpoint: number; takes: boolean }[] {
    const best = this.#highest();
    return this.#all
      .map((health, endpoint) => {
        const stays = use !== "send" && endpoint === this.#current ? STAYING : 1;
        return { endpoint, takes: health.takes(use, best), score: health.score(best) * stays };
      })
      .sort((a, b) => Number(b.takes) - Number(a.takes) || b.score - a.score || a.endpoint - b.endpoint);
  }

  /** Whether calls of this kind should go to an endpoint now. */
  takes(endpoint: number, use: CallUse): boolean {
    return this.at(endpoint).takes(use, this.#highest());
  }

  /** Those that a question to all should reach; all of them when none is known to answer. */
  answering(): number[] {
    const every = [...this.#all.keys()];
    const answering = every.filter((endpoint) => this.at(endpoint).takesQuestions);
    return answering.length > 0 ? answering : every;
  }

  /** How long until the first of them may be called, in milliseconds: 0 unless each asked not to be. */
  get heldMs(): number {
    return Math.min(...this.#all.map(({ heldMs }) => heldMs));
  }

  reports(): EndpointReport[] {
    const best = this.#highest();
    return this.#all.map((health) => health.report(best));
  }

  #highest(): bigint {
    let highest = 0n;
    for (const { height } of this.#all) if (height !== undefined && height > highest) highest = height;
    return highest;
  }
}
