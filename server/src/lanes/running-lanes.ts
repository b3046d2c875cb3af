import type { Lane, LaneId } from "../ledger/ledger.ts";
import type { LaneKeeper } from "./lane-keeper.ts";

interface RunningLane {
  readonly lane: Lane;
  readonly keeper: LaneKeeper;
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

/** The lanes that have a keeper which runs in this process. */
export class RunningLanes {
  readonly #make: (lane: Lane) => LaneKeeper;
  readonly #running = new Map<LaneId, RunningLane>();

  constructor(make: (lane: Lane) => LaneKeeper) {
    this.#make = make;
  }

  /** In the order in which they were started. */
  get all(): { readonly lane: Lane; readonly keeper: LaneKeeper }[] {
    return [...this.#running.values()];
  }

  get keepers(): LaneKeeper[] {
    return this.all.map(({ keeper }) => keeper);
  }

  /** Has a lane kept until it is stopped; one that is kept already stays so. */
  start(lane: Lane): void {
    if (this.#running.has(lane.id)) return;
    const keeper = this.#make(lane);
    const stop = new AbortController();
    const ended = keeper.run(stop.signal).finally(() => this.#running.delete(lane.id));
    this.#running.set(lane.id, { lane, keeper, stop, ended });
  }

  /** Resolves when the lane's lease is given back. What is open in it stays in the ledger. */
  async stop(id: LaneId): Promise<void> {
    const running = this.#running.get(id);
    running?.stop.abort();
    await running?.ended;
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((id) => this.stop(id)));
  }
}
