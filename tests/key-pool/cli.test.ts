import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type AdminWorld, SECRETS, startAdmin } from "../admin/admin-world.ts";
import { countersign } from "../admin/countersign-cli.ts";
import { inOneFile } from "../support/one-file.ts";
import { ACCOUNT } from "./support/pool-world.ts";
import { testKeyPools } from "./support/test-key-pools.ts";

/** A test may start ten processes. */
vi.setConfig({ testTimeout: 120_000 });

let admin: AdminWorld;
let pools: ReturnType<typeof testKeyPools>;
const stop = { now: async () => undefined as unknown };
beforeEach(async () => {
  admin = await startAdmin({
    keyPools: (ledger) => {
      pools = testKeyPools(ledger);
      return pools.desk;
    },
  });
  pools.world.hold("first");
  pools.world.hold("second");
  const stopping = new AbortController();
  const run = pools.run(stopping.signal);
  stop.now = () => {
    stopping.abort();
    return run;
  };
});
afterEach(async () => {
  await stop.now();
  await admin.stop();
});

const env = () => ({ COUNTERSIGN_ADMIN_URL: admin.url, COUNTERSIGN_ADMIN_KEY: SECRETS.operator });
const run = (...args: string[]) => countersign(["keys", ...args], env());

async function printed(...args: string[]): Promise<string> {
  const result = await run(...args);
  expect(result).toMatchObject({ code: 0, stderr: "" });
  return result.stdout;
}

test("an operator's keys, from an addition to its history", async () => {
  expect(await printed("list")).toMatch(
    /^relay.testnet: sized by operators\nKEY ID +STATE .*\nfirst +active +active +0 +ed25519:first\n(.|\n)*bare.testnet: no pool/,
  );
  const added = await printed("add", ACCOUNT, "--reason", "load", "--wait");
  const id = /kop_\w+/.exec(added)?.[0] ?? expect.fail("no id");
  // A step may be over before it is looked at.
  expect(added.split("\n").at(0)).toBe(`${id}: generating`);
  expect(added.split("\n").at(-2)).toBe(`${id}: done`);
  const cancelled = await run("cancel", id, "--reason", "too late");
  expect(cancelled).toMatchObject({ code: 1, stderr: `${id} was done before\n` });
  expect(await printed("rotate", ACCOUNT, "second", "--reason", "leaked", "--wait")).toMatch(/: done\n$/);
  expect(await printed("operations", ACCOUNT, "--limit", "1")).toMatch(
    /\nkop_\w+ +rotate +done .* second +admin:operator +leaked/,
  );
  const shown = JSON.parse(await printed("show", id, "--json"));
  expect(shown.operation).toMatchObject({ id, step: "KEY_OPERATION_STEP_DONE", problem: "" });
  expect(JSON.parse(await printed("list", "--json")).pools[0].keys).toHaveLength(3);
});

test("who waits sees what is wrong, and how it ends", async () => {
  pools.world.fault = (call) => {
    if (call === "generate") throw new Error("away");
  };
  const waiting = run("add", ACCOUNT, "--reason", "load", "--wait", "--json");
  const problem = async () => (await admin.ledger.openKeyOperations("testnet"))[0];
  await expect.poll(async () => (await problem())?.problem, { timeout: 30_000 }).toMatch(/^INTERNAL/);
  const id = (await problem())?.id ?? expect.fail("no operation");
  expect(await printed("cancel", id, "--reason", "not now")).toContain(" cancelled ");
  const { code, stdout, stderr } = await waiting;
  expect({ code, stderr }).toEqual({ code: 1, stderr: `${id} was cancelled\n` });
  const steps = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(steps.at(0)).toMatchObject({ id, step: "KEY_OPERATION_STEP_GENERATING" });
  expect(steps.at(-1)).toMatchObject({ id, step: "KEY_OPERATION_STEP_CANCELLED" });
});

test("Ctrl-C leaves the operation running, and says so", async () => {
  pools.world.outcome = () => "open";
  const cli = fileURLToPath(await inOneFile(new URL("../../server/src/cli.ts", import.meta.url)));
  const child = spawn(process.execPath, [cli, "keys", "add", ACCOUNT, "--reason", "x", "--wait"], {
    env: env(),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stderr = "";
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  const exit = once(child, "exit");
  await once(child.stdout, "data");
  child.kill("SIGINT");
  expect(await exit).toEqual([130, null]);
  expect(stderr).toMatch(/^(kop_\w+) goes on: countersign keys show \1\n$/);
  expect(await admin.ledger.openKeyOperations("testnet")).toHaveLength(1);
});

test.each([
  [["add"]],
  [["add", ACCOUNT]],
  [["drain", ACCOUNT, "--reason", "x"]],
  [["operations", ACCOUNT, "--limit", "0"]],
  [["operations", ACCOUNT, "--limit", "101"]],
  [["cancel", "kop_1"]],
])("%j is used wrongly: exit code 2", async (args) => {
  expect(await run(...args)).toMatchObject({ code: 2, stdout: "" });
});

test("a refusal is told by its reason", async () => {
  expect(await run("drain", ACCOUNT, "third", "--reason", "x")).toMatchObject({
    ...{ code: 1, stdout: "" },
    stderr: `SIGNER_KEY_NOT_FOUND: the signer holds no key third for ${ACCOUNT}\n`,
  });
});
