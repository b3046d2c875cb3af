import { spawn } from "node:child_process";
import { once } from "node:events";
import { access } from "node:fs/promises";
import { join } from "node:path";

const FOLDER = join(import.meta.dirname, "../../peers");

/** Installs the peers, which are no part of the repository's own lockfile, unless they are there. */
export async function installPeers(): Promise<void> {
  const installed = await access(join(FOLDER, "node_modules/@tatchi-xyz/sdk")).then(
    () => true,
    () => false,
  );
  if (installed) return;
  // What npm says is no part of the report.
  const npm = spawn("npm", ["ci"], { cwd: FOLDER, stdio: ["ignore", 2, 2] });
  const [code] = await once(npm, "exit");
  if (code !== 0) throw new Error(`npm ci in bench/peers ended with ${code}`);
}
