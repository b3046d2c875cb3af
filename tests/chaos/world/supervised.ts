import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";

/** Pause before a process that ended by itself is started again, in milliseconds. */
const AGAIN_MS = 200;

/** A process that runs as long as it is wanted: one that ends by itself is started again, as a supervisor does. */
export class Supervised {
  readonly #launch: () => ChildProcess;
  #child: ChildProcess | undefined;
  #wanted = false;
  #stopped = false;
  /** How often it ended by itself. */
  fellOver = 0;

  constructor(launch: () => ChildProcess) {
    this.#launch = launch;
  }

  /** Has it run from now on. */
  up(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    void this.#keep();
  }

  /** Ends it, with kill -9 unless it is asked to go, and leaves it so. */
  async down(signal: "SIGKILL" | "SIGTERM" = "SIGKILL"): Promise<void> {
    this.#wanted = false;
    const child = this.#child;
    if (child === undefined || hasEnded(child)) return;
    const gone = once(child, "exit");
    child.kill(signal);
    // A stopped process hears nothing else than SIGKILL.
    if (signal !== "SIGKILL") this.resume();
    await gone;
  }

  /** SIGSTOP. */
  stop(): void {
    this.#stopped = true;
    this.#child?.kill("SIGSTOP");
  }

  /** SIGCONT. */
  resume(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.#child?.kill("SIGCONT");
  }

  async #keep(): Promise<void> {
    while (this.#wanted) {
      const child = this.#launch();
      this.#child = child;
      await once(child, "exit");
      if (!this.#wanted) return;
      this.fellOver += 1;
      await delay(AGAIN_MS);
    }
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}
