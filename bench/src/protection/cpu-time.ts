import type { Layer } from "./layer.ts";

/**
 * CPU microseconds per call of one round: user and system time of all threads of this process, so that waiting for
 * a database or a disk costs nothing and what other processes do for us is not counted. `from` is the number of the
 * round's first call.
 */
export async function cpuPerCall(layer: Layer, from: number, cpu: () => number = ownCpuUs): Promise<number> {
  const { calls, concurrency } = layer;
  let next = 0;
  const worker = async () => {
    while (next < calls) await layer.call(from + next++);
  };
  await layer.prepare?.();
  const before = cpu();
  await Promise.all(Array.from({ length: concurrency }, worker));
  await layer.finish?.();
  return (cpu() - before) / calls;
}

/** The rounds of all layers in turn, so that a busy moment of the machine is not one layer's alone. */
export class Rounds {
  readonly #layers: readonly Layer[];
  readonly #perCall: Map<Layer, number[]>;
  #done = 0;

  constructor(layers: readonly Layer[]) {
    this.#layers = layers;
    this.#perCall = new Map(layers.map((layer) => [layer, []]));
  }

  /** One round of each layer, whose time is not kept: compilers and caches get ready. */
  async warmUp(): Promise<void> {
    for (const layer of this.#layers) await cpuPerCall(layer, this.#done * layer.calls);
    this.#done++;
  }

  async run(rounds: number): Promise<void> {
    for (let i = 0; i < rounds; i++, this.#done++) {
      for (const layer of this.#layers) {
        this.#perCall.get(layer)?.push(await cpuPerCall(layer, this.#done * layer.calls));
      }
    }
  }

  /** CPU microseconds per call of each round that was kept. */
  of(layer: Layer): readonly number[] {
    return this.#perCall.get(layer) ?? [];
  }
}

function ownCpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
