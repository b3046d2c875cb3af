import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { WebDemo } from "../../../demo/src/web/web-demo.ts";

const MAIN = join(import.meta.dirname, "../../../demo/src/main.ts");

/** `npm run demo -- --web`, in a process of its own as its users start it. */
export async function startDemo(): Promise<WebDemo> {
  const child = spawn(process.execPath, [MAIN, "--web", "--json"], {
    stdio: ["ignore", "pipe", "inherit"],
    // A group of its own, as in a terminal.
    detached: true,
    // vitest says "test", which no process of the demo's users has.
    env: { ...process.env, NODE_ENV: undefined },
  });
  const ended = once(child, "exit");
  const line = new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).once("line", resolve);
    ended.then(([code]) => reject(new Error(`the demo ended with ${code}`)), reject);
  });
  return {
    ...JSON.parse(await line),
    async stop() {
      // Ctrl-C reaches all of its processes.
      process.kill(-(child.pid ?? 0), "SIGINT");
      const [code] = await ended;
      if (code !== 0) throw new Error(`the demo ended with ${code}`);
    },
  };
}
