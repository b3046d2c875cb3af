import { randomBytes } from "node:crypto";
import { Command } from "commander";
import { type ConfiguredPlace, examinePlaces, type PlaceFinding } from "../backends/doctor.ts";
import { formatColumns } from "./columns.ts";

/**
 * `signer doctor`: tries every backend and key of a configuration against the real thing, and fails if one fails.
 *
 * It signs outside of the journal, with keys that may be in use: only `doctorMessage`, which can be the hash of no
 * transaction, so a signer that runs at the same time is not disturbed.
 */
export function doctorCommand(placesOf: (configFile: string) => readonly ConfiguredPlace[]): Command {
  return new Command("doctor")
    .requiredOption("--config <file>", "configuration file (YAML)")
    .option("--json", "print JSON")
    .action(async (options: { config: string; json?: true }) => {
      const tools = { randomBytes, now: () => performance.now() };
      const findings = await examinePlaces(placesOf(options.config), tools);
      const problems = findings.flatMap(problemsOf);
      process.stdout.write(
        options.json === true
          ? `${JSON.stringify({ ok: problems.length === 0, backends: findings.map(publicFields) }, null, 2)}\n`
          : formatFindings(findings),
      );
      if (problems.length > 0) throw new Error(`${problems.length} of the backends and keys failed`);
    });
}

function problemsOf({ problem, keys }: PlaceFinding): string[] {
  return [problem, ...keys.map((key) => key.problem)].filter((p) => p !== null);
}

/** Under the names that JSON has elsewhere. */
function publicFields({ backend, place, problem, keys }: PlaceFinding): object {
  return {
    backend,
    place,
    problem,
    keys: keys.map(({ keyId, publicKey, p50Ms, p95Ms, problem: keyProblem }) => ({
      key_id: keyId,
      public_key: publicKey,
      p50_ms: p50Ms,
      p95_ms: p95Ms,
      problem: keyProblem,
    })),
  };
}

/** Lines of aligned columns, with a heading: one for each backend, and below it one for each of its keys. */
function formatFindings(findings: readonly PlaceFinding[]): string {
  const ms = (value: number | null) => (value === null ? "" : `${value.toFixed(1)} ms`);
  const rows = findings.flatMap(({ backend, place, problem, keys }) => [
    [backend, place ?? "", "", "", problem ?? "ok"],
    ...keys.map((key) => [
      `  ${key.keyId}`,
      key.publicKey ?? "",
      ms(key.p50Ms),
      ms(key.p95Ms),
      key.problem ?? "ok",
    ]),
  ]);
  return formatColumns(["BACKEND, KEY", "PLACE, PUBLIC KEY", "P50", "P95", "RESULT"], rows);
}
