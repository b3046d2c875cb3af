import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const ROOT = join(import.meta.dirname, "../../..");
const WRANGLER = join(ROOT, "node_modules/wrangler/bin/wrangler.js");

/** What `wrangler deploy` would upload for a relay, offline, and what it says about it. */
export async function dryRun(relay: "relay1" | "relay2"): Promise<{ script: string; output: string }> {
  const folder = mkdtempSync(join(tmpdir(), "edge-"));
  try {
    const config = join(ROOT, `edge/wrangler.${relay}.jsonc`);
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [WRANGLER, "deploy", "--dry-run", "--outdir", folder, "--config", config],
      {
        // Neither a look for newer versions nor a file in anybody's home.
        env: {
          ...process.env,
          WRANGLER_HIDE_BANNER: "true",
          WRANGLER_SEND_METRICS: "false",
          XDG_CONFIG_HOME: folder,
        },
      },
    );
    return { script: readFileSync(join(folder, "worker.js"), "utf8"), output: stdout };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

let bundled: Promise<string> | undefined;

/** The Worker's script, made once for all files of a test process. */
export function workerScript(): Promise<string> {
  bundled ??= dryRun("relay1").then(({ script }) => script);
  return bundled;
}

/** How long it may take, in milliseconds. */
export const PREPARING_MS = 300_000;

/** Makes it before the tests that need it, whose time it would take. */
export async function prepareWorker(): Promise<void> {
  await workerScript();
}
