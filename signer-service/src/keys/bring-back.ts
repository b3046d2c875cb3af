import { wordsOf } from "../backends/backend-failure.ts";
import type { KeySet } from "./key-set.ts";
import type { KeySource } from "./key-sources.ts";

export interface BringBackOptions {
  /** Loads and enters what a source holds; throws an Error that says what is wrong. */
  readonly load: (source: KeySource) => Promise<void>;
  /** Told when a source is missing for another reason than before. */
  readonly onProblem: (source: KeySource, problem: string) => void;
  /** Resolves after so many milliseconds; rejects when the signal aborts. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

/** What is missing is tried again after this long, doubling up to the second, in milliseconds. */
const FIRST_MS = 1_000;
const LAST_MS = 60_000;

/** Tries what a set is missing until all of it is there, or another set is in use. */
export async function bringBack(set: KeySet, { load, onProblem, wait }: BringBackOptions): Promise<void> {
  for (let delay = FIRST_MS; set.missing.length > 0; delay = Math.min(2 * delay, LAST_MS)) {
    await wait(delay, set.retired).catch(() => undefined);
    if (set.retired.aborted) return;
    const still = await Promise.all(
      set.missing.map(async ({ source, problem: before }) => {
        try {
          await load(source);
          return [];
        } catch (error) {
          const problem = wordsOf(error);
          if (problem !== before && !set.retired.aborted) onProblem(source, problem);
          return [{ source, problem }];
        }
      }),
    );
    set.missing = still.flat();
  }
}
