import { open, statfs } from "node:fs/promises";
import { availableParallelism, cpus, totalmem } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { quantile } from "./quantiles.ts";

/** What the numbers were measured on. */
export interface Machine {
  readonly cpus: number;
  readonly cpu_model: string;
  readonly memory_bytes: number;
  readonly node: string;
  /** Type of the file system under the ledger's file, as statfs(2) numbers it, in hex. */
  readonly file_system: string;
  /** Median of 4 KiB written and flushed, in milliseconds: what one durable commit costs at least. */
  readonly flush_ms: number;
}

const FLUSHES = 50;

/** Looks at this machine, and at the disk under `folder`. */
export async function lookAtMachine(folder: string): Promise<Machine> {
  return {
    cpus: availableParallelism(),
    cpu_model: cpus()[0]?.model.trim() ?? "unknown",
    memory_bytes: totalmem(),
    node: process.version,
    file_system: `0x${(await statfs(folder)).type.toString(16)}`,
    flush_ms: await flushMs(folder),
  };
}

async function flushMs(folder: string): Promise<number> {
  const file = await open(join(folder, "flush-probe"), "w");
  const block = Buffer.alloc(4096, 1);
  const took: number[] = [];
  try {
    for (let i = 0; i < FLUSHES; i++) {
      const started = performance.now();
      await file.write(block);
      await file.datasync();
      took.push(performance.now() - started);
    }
  } finally {
    await file.close();
  }
  return quantile(took, 0.5);
}
