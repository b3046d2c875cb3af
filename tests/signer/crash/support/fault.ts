import type { ArmedFault, FaultPoint } from "./plan.ts";

/** The fault that a process waits for. Its points are named after what runs: "before reserve commits". */
export class Fault<Point extends string = FaultPoint> {
  #armed: ArmedFault<Point> | undefined;
  #passed = 0;
  readonly #running = new Map<string, number>();

  arm(fault: ArmedFault<Point>): void {
    this.#armed = fault;
    this.#passed = 0;
  }

  /** Ends the process with SIGKILL, if this is the point and the time. */
  at(point: Point): void {
    this.#passes(point);
  }

  /** What commits while it runs is taken for its commit: some share one between calls. */
  async during<T>(call: string, action: () => Promise<T>): Promise<T> {
    const count = (by: number) => this.#running.set(call, (this.#running.get(call) ?? 0) + by);
    count(1);
    try {
      return await action();
    } finally {
      count(-1);
    }
  }

  beforeCommit(): void {
    for (const [call, running] of this.#running) if (running > 0) this.#passes(`before ${call} commits`);
  }

  /** The database has the commit, or has been sent it; nobody here was told. */
  afterCommit(): void {
    for (const [call, running] of this.#running) if (running > 0) this.#passes(`after ${call} committed`);
  }

  #passes(point: string): void {
    if (this.#armed?.point !== point) return;
    this.#passed += 1;
    if (this.#passed === this.#armed.passing) die();
  }
}

function die(): never {
  process.kill(process.pid, "SIGKILL");
  // The signal may reach another thread first: this one does nothing more.
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}
