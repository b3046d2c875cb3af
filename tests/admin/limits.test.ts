import { timestampFromDate, timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Client } from "@connectrpc/connect";
import { UsageGrouping } from "@countersign/gen/countersign/admin/v1/limits_pb.ts";
import { LimitsService } from "@countersign/gen/countersign/admin/v1/limits_service_pb.ts";
import { TenantService } from "@countersign/gen/countersign/admin/v1/tenant_service_pb.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { delegate, heldLane, reservation, signed, succeeded } from "../ledger/builders.ts";
import { type AdminWorld, startAdmin } from "./admin-world.ts";
import { reasonFor } from "./refused.ts";

let world: AdminWorld;
let client: Client<typeof LimitsService>;
beforeAll(async () => {
  world = await startAdmin();
  client = world.client(LimitsService);
});
afterAll(() => world.stop());

const LIMITS = {
  tenantDay: { accounts: 10n, deposit: "1000000000000000000000000" },
  userMonth: { gas: "5000000000000000" },
  keyRate: { perSecond: 2.5, burst: 7 },
};

async function newTenant(tenant: string): Promise<string> {
  await world.client(TenantService).createTenant({ tenant });
  return tenant;
}

test("limits are stored by versions and in force at once; what is absent has no bound", async () => {
  const tenant = await newTenant("acme");
  expect((await client.getLimits({ tenant })).limits).toMatchObject({ tenant, version: 0n, limits: {} });
  const { limits } = await client.setLimits({ tenant, limits: LIMITS });
  expect(limits).toMatchObject({ tenant, version: 1n, author: "admin:admin", limits: LIMITS });
  expect((await client.setLimits({ tenant, limits: LIMITS })).limits).toEqual(limits);
  expect((await client.getLimits({ tenant })).limits).toEqual(limits);
  expect(world.directory.access(tenant)?.limits).toMatchObject({
    budgets: { "tenant-day": { accounts: 10n, deposit: 10n ** 24n }, "user-day": {} },
    rates: { key: { perSecond: 2.5, burst: 7 } },
  });
  expect(await reasonFor(client.setLimits({ tenant, limits: {} }))).toBe("VERSION_CONFLICT");
  expect((await world.audited(tenant)).map(({ kind }) => kind)).toContain("limits.set");
});

test.each([
  ["an amount that is no number", { tenantDay: { gas: "1e9" } }],
  ["a rate of nothing", { tenantRate: { perSecond: 0, burst: 1 } }],
  ["a rate of next to nothing", { tenantRate: { perSecond: 1e-17, burst: 1 } }],
  ["a bucket of nothing", { tenantRate: { perSecond: 1, burst: 0 } }],
])("%s is refused", async (_, limits) => {
  const tenant = await newTenant("globex");
  expect(await reasonFor(client.setLimits({ tenant, limits }))).toBe("FIELD_INVALID");
});

test("limits and usage of a tenant that is not there are not found", async () => {
  const tenant = "nobody";
  const since = timestampFromMs(0);
  expect(await reasonFor(client.getLimits({ tenant }))).toBe("TENANT_NOT_FOUND");
  expect(await reasonFor(client.setLimits({ tenant, limits: {} }))).toBe("TENANT_NOT_FOUND");
  expect(await reasonFor(client.getUsage({ tenant, since }))).toBe("TENANT_NOT_FOUND");
  expect(await reasonFor(client.getUsage({}))).toBe("FIELD_INVALID");
});

test("what is reserved counts as used; what was spent is summed up, the most expensive first", async () => {
  const [cheap, dear] = [await newTenant("cheap"), await newTenant("dear")];
  const { ledger } = world;
  const now = new Date();
  const amounts = { accounts: 1n, gas: 30n, deposit: 5n };
  for (const [name, tenant] of [
    ["c1", cheap],
    ["c2", cheap],
    ["d1", dear],
  ] as const) {
    const budget = reservation({}, amounts, `user:${name}`);
    expect((await ledger.accept(delegate(name, { tenant, at: now, budget }))).outcome).toBe("accepted");
  }
  const { used } = await client.getLimits({ tenant: cheap });
  const day = now.toISOString().slice(0, 10);
  expect(used.map((u) => [u.period, u.used?.accounts, u.used?.gas, u.used?.deposit])).toEqual([
    [`day:${day}`, 2n, "60", "10"],
    [`month:${day.slice(0, 7)}`, 2n, "60", "10"],
  ]);

  const lane = await heldLane(ledger);
  const work = await ledger.claim({ ...lane, limit: 3, nonceFloor: 1n });
  await ledger.recordSigned(lane, work.map(signed));
  await ledger.recordProgress(lane, [{ submissionId: "sub_d1", to: "BROADCAST", at: now }]);
  await ledger.recordTerminal(lane, [succeeded("sub_d1")]);

  const since = timestampFromDate(new Date(now.getTime() - 1000));
  const { usage, truncated } = await client.getUsage({ since });
  expect(truncated).toBe(false);
  expect(usage.map((u) => [u.tenant, u.submissions, u.succeeded, u.tokensBurnt])).toEqual([
    ["dear", 1n, 1n, "242800000000000000000"],
    ["cheap", 2n, 0n, "0"],
  ]);
  const byUser = await client.getUsage({ tenant: cheap, groupBy: UsageGrouping.USER, since });
  expect(byUser.usage.map((u) => u.group).sort()).toEqual(["user:c1", "user:c2"]);
  const byMethod = await client.getUsage({ groupBy: UsageGrouping.METHOD, since });
  expect(byMethod.usage.map((u) => u.group)).toEqual(["SubmitDelegate", "SubmitDelegate"]);
  const later = timestampFromDate(new Date(now.getTime() + 60_000));
  expect((await client.getUsage({ since: later })).usage).toEqual([]);
});

test("more groups than an answer holds are cut off, and the answer says so", async () => {
  const tenant = await newTenant("crowd");
  const at = new Date();
  const users = Array.from({ length: 1001 }, (_, i) => `user:${i}`);
  await Promise.all(
    users.map((user) =>
      world.ledger.accept(
        delegate(`crowd-${user}`, { tenant, at, maxOpen: 10_000, budget: reservation({}, {}, user) }),
      ),
    ),
  );
  const query = { tenant, groupBy: UsageGrouping.USER, since: timestampFromMs(0) };
  const { usage, truncated } = await client.getUsage(query);
  expect([usage.length, truncated]).toEqual([1000, true]);
});
