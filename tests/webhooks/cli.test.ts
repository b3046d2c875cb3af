import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type AdminWorld, SECRETS, startAdmin } from "../admin/admin-world.ts";
import { countersign } from "../admin/countersign-cli.ts";
import { event } from "../ledger/builders.ts";
import { end } from "./support/builders.ts";
import { startReceiver, status } from "./support/receiver.ts";
import { testDesk } from "./support/test-desk.ts";

/** A test may start ten processes. */
vi.setConfig({ testTimeout: 120_000 });

let world: AdminWorld;
beforeAll(async () => {
  world = await startAdmin({ webhooks: testDesk() });
  await world.ledger.createTenant({ id: "default", displayName: "", createdAt: new Date() }, event());
});
afterAll(() => world.stop());

function run(...args: string[]) {
  const env = { COUNTERSIGN_ADMIN_URL: world.url, COUNTERSIGN_ADMIN_KEY: SECRETS.operator };
  return countersign(["webhook", ...args], env);
}

async function printed(...args: string[]): Promise<string> {
  const result = await run(...args);
  expect(result).toMatchObject({ code: 0, stderr: "" });
  return result.stdout;
}

test("an operator's webhook from its creation to its end", async () => {
  const receiver = await startReceiver();
  const made = await printed("create", "default", receiver.url, "--states", "failed,succeeded");
  expect(made).toMatch(/\nwhsec_[A-Za-z0-9+/]{43}=\nThis is shown once/);
  const id = /wh_[0-9a-f]{20}/.exec(made)?.[0] ?? expect.fail("no id");
  expect(await printed("list", "default")).toContain(`${receiver.url}  succeeded,failed  active`);
  expect(await printed("test", "default", id)).toBe("delivered: status 200\n");
  expect(await printed("update", "default", id, "--pause", "--states", "all")).toMatch(/ all +paused/);
  const rotated = JSON.parse(await printed("rotate-secret", "default", id, "--overlap", "1h", "--json"));
  expect(rotated.secret).toMatch(/^whsec_/);
  expect(rotated.webhook.secrets).toHaveLength(2);

  await end(world.ledger, ["a", "b"]);
  expect(await printed("deliveries", "default", id, "--state", "pending")).toMatch(/sub_b .*\nsub_a /);
  const now = new Date();
  const claimed = await world.ledger.claimDeliveries([{ webhookId: id, limit: 9 }], now, now);
  await world.ledger.recordAttempts(
    claimed.map(({ webhookId, submissionId, attempt }) => ({
      ...{ webhookId, submissionId, attempt, at: now },
      state: "DEAD" as const,
      ...{ dueAt: null, status: null, problem: "no answer came in time" },
    })),
  );
  expect(await printed("deliveries", "default", id)).toContain("no answer came in time");
  const again = await run("redrive", "default", id, "sub_a", "sub_nope");
  expect(again).toEqual({
    code: 1,
    stdout: "tried again: 1\n",
    stderr: "of these, 1 had no dead delivery\n",
  });
  receiver.answer = status(503);
  expect(await run("test", "default", id)).toMatchObject({ code: 1, stderr: "" });
  expect(await printed("redrive", "default", id, "--all")).toBe("tried again: 1\n");
  expect(await printed("delete", "default", id)).toContain(id);
  expect((await run("test", "default", id)).stderr).toMatch(/^WEBHOOK_NOT_FOUND: /);
});

test.each([
  [["create", "default"]],
  [["create", "default", "https://hooks.example/", "--states", "broadcast"]],
  [["update", "default", "wh_1"]],
  [["update", "default", "wh_1", "--pause", "--resume"]],
  [["deliveries", "default", "wh_1", "--state", "lost"]],
  [["redrive", "default", "wh_1"]],
  [["redrive", "default", "wh_1", "sub_a", "--all"]],
])("%j is used wrongly: exit code 2", async (args) => {
  expect(await run(...args)).toMatchObject({ code: 2, stdout: "" });
});
