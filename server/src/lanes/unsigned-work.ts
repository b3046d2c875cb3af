import { byNonce, type Work } from "./work.ts";

/** What an operator wants left alone for now; what is signed already goes on to its end. */
export interface Holds {
  /** Whether this lane signs nothing new. */
  readonly lane: boolean;
  /** Tenants for which nothing new is signed. */
  readonly tenants: readonly string[];
}

/** A lane's submissions that need a nonce of their own: claimed and not signed, held, or with a dead transaction. */
export class UnsignedWork {
  readonly #holds: () => Holds;
  readonly #waiting: Work[] = [];

  /** `holds` are those of the moment at which it is asked. */
  constructor(holds: () => Holds) {
    this.#holds = holds;
  }

  /** How many are not held. */
  get due(): number {
    return this.#waiting.filter((work) => !this.#isHeld(work)).length;
  }

  add(...work: readonly Work[]): void {
    this.#waiting.push(...work);
  }

  /** Takes out what is not held, the lowest nonces first: one that is passed over is of no use any more. */
  take(limit: number): Work[] {
    const due = this.#waiting.filter((work) => !this.#isHeld(work));
    const taken = due.toSorted(byNonce).slice(0, limit);
    for (const work of taken) this.#waiting.splice(this.#waiting.indexOf(work), 1);
    return taken;
  }

  /** Takes out what never had a transaction, held or not. */
  takeNeverSigned(): Work[] {
    const taken = this.#waiting.filter((work) => !work.wasSigned);
    for (const work of taken) this.#waiting.splice(this.#waiting.indexOf(work), 1);
    return taken;
  }

  /** Takes out everything, held or not. */
  takeAll(): Work[] {
    return this.#waiting.splice(0);
  }

  /** Of work in hand, gives what is not held, and keeps the rest. */
  sift(work: readonly Work[]): Work[] {
    const free: Work[] = [];
    for (const one of work) {
      if (this.#isHeld(one)) this.#waiting.push(one);
      else free.push(one);
    }
    return free;
  }

  #isHeld({ tenant }: Work): boolean {
    const { lane, tenants } = this.#holds();
    return lane || tenants.includes(tenant);
  }
}
