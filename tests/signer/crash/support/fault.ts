import type { ArmedFault, FaultPoint } from "./plan.ts";

/** The fault that a process waits for. */
export class Fault {
  #armed: ArmedFault | undefined;
  #passed = 0;
  #running = { reserve: 0, record: 0 };

  arm(fault: ArmedFault): void {
    this.#armed = fault;
    this.#passed = 0;
  }

  /** Ends the process with SIGKILL, if this is the point and the time. */
  at(point: FaultPoint): void {
    if (this.#armed?.point !== point) return;
    this.#passed += 1;
    if (this.#passed === this.#armed.passing) die();
  }

  /** What commits while it runs is taken for its commit: some journals share one between calls. */
  async during<T>(call: "reserve" | "record", action: () => Promise<T>): Promise<T> {
    this.#running[call] += 1;
    try {
      return await action();
    } finally {
      this.#running[call] -= 1;
    }
  }

  beforeCommit(): void {
    if (this.#running.reserve > 0) this.at("before reserve commits");
    if (this.#running.record > 0) this.at("before record commits");
  }

  /** The database has the commit, or has been sent it; nobody here was told. */
  afterCommit(): void {
    if (this.#running.reserve > 0) this.at("after reserve committed");
    if (this.#running.record > 0) this.at("after record committed");
  }
}

function die(): never {
  process.kill(process.pid, "SIGKILL");
  // The signal may reach another thread first: this one does nothing more.
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}
