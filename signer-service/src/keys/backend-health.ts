import type { Backend } from "../backends/backend.ts";
import { wordsOf } from "../backends/backend-failure.ts";
import { withinTime } from "../backends/time-limit.ts";
import type { SignerEvents } from "../observability/events.ts";
import type { MissingKeys } from "./key-ring.ts";

/** How a place that holds keys is. */
export interface BackendState {
  readonly name: string;
  /** Its kind and where it is; nothing secret. */
  readonly description: string;
  /** Whether it answers. Of its keys some may be missing all the same. */
  readonly healthy: boolean;
  /** What is wrong with it or with its keys; empty for nothing. */
  readonly problem: string;
}

export interface BackendHealthOptions {
  /** The ring's backends; others after a reload. */
  readonly backends: () => readonly Backend[];
  /** What could not be loaded, from the ring. */
  readonly missing: () => readonly MissingKeys[];
  readonly events: Pick<SignerEvents, "backendChanged">;
  /** Resolves after so many milliseconds; rejects when the signal aborts. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

/** How often every backend is asked, and how long one may take, in milliseconds. */
const INTERVAL_MS = 10_000;
const TIMEOUT_MS = 5_000;

/** Asks every backend again and again whether it is there. */
export class BackendHealth {
  readonly #options: BackendHealthOptions;
  /** What was wrong with each; empty for nothing. */
  #problems: ReadonlyMap<string, string> = new Map();

  constructor(options: BackendHealthOptions) {
    this.#options = options;
  }

  /** How they were when they were asked last; healthy until then. */
  states(): BackendState[] {
    const { backends, missing } = this.#options;
    const absent = missing();
    return backends().map((backend) => {
      const itsAbsent = absent.filter((m) => m.backend === backend.name);
      const checked = this.#problems.get(backend.name) ?? "";
      const problems = [checked, ...itsAbsent.map((m) => m.problem)].filter((problem) => problem !== "");
      return {
        name: backend.name,
        description: backend.describe(),
        // A check that has no key to look at may find nothing wrong.
        healthy: checked === "" && !itsAbsent.some((m) => m.isAll),
        problem: [...new Set(problems)].join("; "),
      };
    });
  }

  /** Asks all of them once, and tells of those that changed. Gives up, and tells nothing, when `stopping` aborts. */
  async ask(stopping?: AbortSignal): Promise<void> {
    const { backends, events } = this.#options;
    const asked = await Promise.all(
      backends().map(async (backend): Promise<[string, string]> => {
        try {
          await withinTime(TIMEOUT_MS, stopping, (signal) => backend.check(signal));
          return [backend.name, ""];
        } catch (error) {
          return [backend.name, wordsOf(error) || "gave no answer"];
        }
      }),
    );
    if (stopping?.aborted === true) return;
    const before = this.#problems;
    this.#problems = new Map(asked);
    for (const [backend, problem] of asked) {
      const was = before.get(backend) ?? "";
      if ((was === "") !== (problem === ""))
        events.backendChanged({ backend, healthy: problem === "", problem });
    }
  }

  /** Asks until `stopping` aborts. */
  async run(stopping: AbortSignal): Promise<void> {
    while (!stopping.aborted) {
      await this.ask(stopping);
      await this.#options.wait(INTERVAL_MS, stopping).catch(() => undefined);
    }
  }
}
