// The main job from end to end: starts a devnet, a signer and a relay as three processes, then acts as an operator
// through the command line and as a wallet through the relay's public API, and says what each step came to. Ends
// with 0 only if all came out right. With --web it serves a wallet and an application for people to try instead.
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
  .option("--keep", "leave everything running and print calls to try")
  .option("--web", "serve a wallet and an application that embeds it instead, until Ctrl-C");
program.parse();
const { json, keep, web, signer } = program.opts<{
  json?: true;
  keep?: true;
  web?: true;
  signer: Custody;
}>();

const folder = await mkdtemp(join(tmpdir(), "countersign-demo-"));
const stopped = () => Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
await (web ? pages() : acts());

async function acts(): Promise<void> {
  const stack = await startStack(folder, signer);
  try {
    const { apiKey, results, ...findings } = await scenario(stack, new Operator(stack.admin, folder));
    const report = { ok: findings.problems.length === 0, steps: results.map(stepReport), ...findings };
    process.stdout.write(json ? `${JSON.stringify(report, undefined, 2)}\n` : tables(report));
    process.exitCode = report.ok ? 0 : 1;
    if (keep) {
      process.stdout.write(await hints(stack, folder, apiKey));
      await stopped();
    }
  } finally {
    await stack.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function pages(): Promise<void> {
  // Vite and the two pages are loaded by those alone who ask for them.
  const [{ startWebDemo }, { invitation }] = await Promise.all([
    import("./web/web-demo.ts"),
    import("./web/invitation.ts"),
  ]);
  const demo = await startWebDemo(folder, signer);
  try {
    process.stdout.write(json ? `${JSON.stringify(demo)}\n` : invitation(demo, folder));
    await stopped();
  } finally {
    await demo.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
