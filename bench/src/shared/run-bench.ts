import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What came of a benchmark: as JSON, and as a table for people. */
interface Outcome {
  readonly report: { readonly ok: boolean };
  readonly table: string;
}

export interface BenchProgram<Options extends { readonly json: boolean }> {
  /** Of its temporary folder. */
  readonly name: string;
  readonly usage: string;
  /** Throws an Error that says what is wrong with the command line. */
  readonly readOptions: (args: readonly string[]) => Options;
  readonly bench: (options: Options, folder: string) => Promise<Outcome>;
}

/**
 * Runs a benchmark as this process's program, with a temporary folder, and prints what came of it. The process ends with 0 if
 * that is ok, with 1 if not, and with 2 when nothing could be measured; then the folder stays.
 */
export async function runBench<Options extends { readonly json: boolean }>({
  name,
  usage,
  readOptions,
  bench,
}: BenchProgram<Options>): Promise<void> {
  // What was started ends with this process, also when it is told to end.
  process.once("SIGINT", () => process.exit(130));
  process.once("SIGTERM", () => process.exit(143));
  try {
    const options = readOptions(process.argv.slice(2));
    const folder = await mkdtemp(join(tmpdir(), `countersign-${name}-`));
    const { report, table } = await bench(options, folder);
    process.stdout.write(options.json ? `${JSON.stringify(report, undefined, 2)}\n` : table);
    process.exitCode = report.ok ? 0 : 1;
    // Whoever gets an error wants the logs.
    await rm(folder, { recursive: true, force: true });
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n${usage}`);
    process.exitCode = 2;
  }
}
