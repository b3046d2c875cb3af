import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { JsonRpcProvider } from "near-api-js";
import { describe, expect, it } from "vitest";

const MAIN = join(import.meta.dirname, "main.ts");

const run = (args: readonly string[]) =>
  spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "pipe", "pipe"] });

describe("the command line", () => {
  it("starts what the options say, prints its URLs as one line, and ends with 0 on SIGTERM", async () => {
    const folder = await mkdtemp(join(tmpdir(), "devnet-"));
    const genesis = join(folder, "genesis.json");
    await writeFile(genesis, JSON.stringify({ accounts: [{ id: "alice.test", balance: "5" }] }));
    const child = run(["--network", "cli-net", "--endpoints", "2", "--manual", "--genesis", genesis]);
    const exited = once(child, "exit");
    try {
      const [line] = await once(createInterface({ input: child.stdout }), "line");
      const ready = JSON.parse(String(line));
      expect(ready).toMatchObject({ network: "cli-net", rpc_urls: [{}, {}].map(() => expect.any(String)) });
      const provider = new JsonRpcProvider({ url: ready.rpc_urls[1] });
      expect(await provider.getNetworkId()).toBe("cli-net");
      expect((await provider.viewAccount({ accountId: "alice.test" })).amount).toBe(5n);
      const admin = { method: "POST", body: JSON.stringify({ method: "produce_block" }) };
      expect(await (await fetch(ready.admin_url, admin)).json()).toEqual({ result: 100_001 });
    } finally {
      child.kill("SIGTERM");
      expect(await exited).toEqual([0, null]);
      await rm(folder, { recursive: true });
    }
  });

  it("refuses a number that is none", async () => {
    const child = run(["--endpoints", "many"]);
    const [code] = await once(child, "exit");
    expect(code).toBe(1);
  });
});
