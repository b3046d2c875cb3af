import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { countersign } from "../../../admin/countersign-cli.ts";
import type { Needles } from "./needles.ts";
import type { Program } from "./program.ts";
import type { Stack } from "./stack.ts";

/** Writes what the relay shows to operators into the stack's folder. */
export async function writeRelayViews(stack: Stack, relay: Program, name: string): Promise<void> {
  const write = (what: string, text: string) => writeFileSync(join(stack.folder, `${name}-${what}`), text);
  write("log", relay.output());
  write("metrics", await page(relay, "metrics"));
  write("readyz", await page(relay, "readyz"));
  const dump = await countersign(["config", "check", "--config", stack.relayConfig], stack.relayEnv);
  write("config", dump.stdout + dump.stderr);
}

/** Writes what the signer shows to operators into the stack's folder. */
export async function writeSignerViews(stack: Stack, signer: Program): Promise<void> {
  const write = (what: string, text: string) => writeFileSync(join(stack.folder, `signer-${what}`), text);
  const config = ["--config", stack.signerConfig];
  write("log", signer.output());
  write("metrics", await page(signer, "metrics"));
  write("readyz", await page(signer, "readyz"));
  const commands: [string, string[]][] = [
    ["journal", ["journal", "export", ...config]],
    ["audit", ["audit", "export", ...config]],
    ["status", ["status", "--admin", `unix:${stack.folder}/a`, "--json"]],
    ["doctor", ["doctor", ...config]],
  ];
  await Promise.all(
    commands.map(async ([what, command]) => write(what, await stack.signerCommand(...command))),
  );
}

/** The files of a folder, each with the names of the needles that it contains. */
export function searchFiles(folder: string, needles: Needles): Map<string, string[]> {
  const files = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(files.map(({ name }) => [name, [...needles.foundIn(readFileSync(join(folder, name)))]]));
}

async function page({ ready }: Program, path: string): Promise<string> {
  return (await fetch(`${ready.operations}/${path}`)).text();
}
