// The main job from end to end: starts a devnet, a signer and a relay as three processes, then acts as an operator
// through the command line and as a wallet through the relay's public API, and says what each step came to. Ends
// with 0 only if all came out right.
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command, Option } from "commander";
import { hints } from "./hints.ts";
import { Operator } from "./operator.ts";
import { stepReport, tables } from "./report.ts";
import { scenario } from "./scenario.ts";
import type { Custody } from "./signer.ts";
import { startStack } from "./stack.ts";

const program = new Command("demo")
  .description("Relays a wallet's transactions on a local chain and shows what happened")
  .option("--json", "print one JSON object instead of tables")
  .addOption(
    new Option("--signer <custody>", "where the relayer's key is: a keystore file, or a token of SoftHSM")
      .choices(["keystore", "pkcs11"])
      .default("keystore"),
  )
  .option("--keep", "leave everything running and print calls to try");
program.parse();
const { json, keep, signer } = program.opts<{ json?: true; keep?: true; signer: Custody }>();

const folder = await mkdtemp(join(tmpdir(), "countersign-demo-"));
const stack = await startStack(folder, signer);
try {
  const { apiKey, results, ...findings } = await scenario(stack, new Operator(stack.admin, folder));
  const report = { ok: findings.problems.length === 0, steps: results.map(stepReport), ...findings };
  process.stdout.write(json ? `${JSON.stringify(report, undefined, 2)}\n` : tables(report));
  process.exitCode = report.ok ? 0 : 1;
  if (keep) {
    process.stdout.write(await hints(stack, folder, apiKey));
    await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  }
} finally {
  await stack.stop();
  await rm(folder, { recursive: true, force: true });
}
