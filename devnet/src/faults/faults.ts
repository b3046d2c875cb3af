/** What goes wrong with a call. `drop` closes the connection, `hang` never answers; "after" the chain acted. */
export type FaultKind =
  | "latency"
  | "drop_before"
  | "drop_after"
  | "hang_before"
  | "hang_after"
  | "internal_error"
  | "timeout_error"
  | "rate_limited"
  | "bad_gateway";

export const FAULT_KINDS: readonly FaultKind[] = [
  "latency",
  "drop_before",
  "drop_after",
  "hang_before",
  "hang_after",
  "internal_error",
  "timeout_error",
  "rate_limited",
  "bad_gateway",
];

/** A fault and the calls that it hits: all of them, unless it says less. */
export interface Fault {
  readonly kind: FaultKind;
  /** JSON-RPC methods; all without. */
  readonly methods?: readonly string[];
  /** Share of the calls, 0 to 1; 1 without. */
  readonly probability?: number;
  /** How many calls it hits before it ends by itself; unlimited without. */
  readonly times?: number;
  /** For latency: milliseconds. */
  readonly ms?: number;
}

interface Active {
  readonly fault: Fault;
  left: number;
}

/** The fault switches of one endpoint. */
export class Faults {
  readonly #random: () => number;
  #active: Active[] = [];

  /** `random` gives numbers in [0, 1), for faults with a probability. */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** Switches a fault on; the answer switches it off. */
  add(fault: Fault): () => void {
    const active = { fault, left: fault.times ?? Number.POSITIVE_INFINITY };
    this.#active.push(active);
    return () => {
      this.#active = this.#active.filter((other) => other !== active);
    };
  }

  clear(): void {
    this.#active = [];
  }

  /** What hits this call: the latencies in all, and the first other fault. */
  hit(method: string): { latencyMs: number; kind: FaultKind | undefined } {
    let latencyMs = 0;
    let kind: FaultKind | undefined;
    for (const active of this.#active) {
      const { fault } = active;
      if (fault.kind !== "latency" && kind !== undefined) continue;
      if (active.left <= 0 || fault.methods?.includes(method) === false) continue;
      if (fault.probability !== undefined && this.#random() >= fault.probability) continue;
      active.left--;
      if (fault.kind === "latency") latencyMs += fault.ms ?? 0;
      else kind = fault.kind;
    }
    return { latencyMs, kind };
  }
}
