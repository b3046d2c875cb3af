import { type Clock, systemClock } from "../../clients/web/src/clock.ts";

/** A clock that jumps ahead instead of waiting. `random` is always 0.5. */
export interface HandClock extends Clock {
  /** What was waited for, in milliseconds, in order. */
  readonly waits: number[];
  /** Lets time pass. */
  skip(ms: number): void;
}

export function handClock(): HandClock {
  const waits: number[] = [];
  let skipped = 0;
  return {
    waits,
    skip: (ms) => {
      skipped += ms;
    },
    now: () => skipped,
    random: () => 0.5,
    wait: (ms, signal) => {
      waits.push(ms);
      skipped += ms;
      return systemClock.wait(0, signal);
    },
  };
}
