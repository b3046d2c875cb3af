import type { Client } from "@connectrpc/connect";
import { PauseLevel, PauseMode } from "@countersign/gen/countersign/admin/v1/pause_pb.ts";
import { PauseService } from "@countersign/gen/countersign/admin/v1/pause_service_pb.ts";
import { TenantService } from "@countersign/gen/countersign/admin/v1/tenant_service_pb.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { delegate } from "../ledger/builders.ts";
import { TestWallet } from "../support/test-wallet.ts";
import { type AdminWorld, startAdmin } from "./admin-world.ts";
import { reasonFor } from "./refused.ts";

let world: AdminWorld;
let client: Client<typeof PauseService>;
beforeAll(async () => {
  world = await startAdmin();
  client = world.client(PauseService, "operator");
  await world.client(TenantService).createTenant({ tenant: "acme" });
});
afterAll(() => world.stop());

const PUBLIC_KEY = new TestWallet("relay.testnet").publicKey;

test.each([
  ["RELAY", "", ""],
  ["TENANT", "acme", "acme"],
  ["METHOD", "CreateAccount", ""],
  ["METHOD", "SignInit", ""],
  ["METHOD", "MintSession", ""],
  ["METHOD", "MergeUsers", ""],
  ["METHOD", "FinishPasskeySignIn", ""],
  ["ACTION_KIND", "Transfer", ""],
  ["RELAYER_KEY", PUBLIC_KEY, ""],
] as const)("%s %s is paused and resumed, known at once and recorded", async (name, target, auditTenant) => {
  const what = { level: PauseLevel[name], target };
  const { pause } = await client.pause({ ...what, reason: "incident 7" });
  expect(pause).toMatchObject({
    ...what,
    mode: PauseMode.DRAIN,
    reason: "incident 7",
    author: "admin:operator",
  });
  expect(world.directory.pauses).toMatchObject([{ level: name, target, mode: "DRAIN" }]);
  expect((await client.listPauses({})).pauses).toEqual([pause]);

  expect((await client.resume({ ...what, reason: "fixed" })).pause).toEqual(pause);
  expect(world.directory.pauses).toEqual([]);
  expect(await reasonFor(client.resume(what))).toBe("PAUSE_NOT_FOUND");

  const entries = (await world.audited(auditTenant)).filter(({ kind }) => kind.startsWith("pause."));
  expect(entries.slice(-2).map(({ kind, actor, detail }) => [kind, actor, JSON.parse(detail)])).toEqual([
    ["pause.set", "admin:operator", { level: name, target, mode: "DRAIN", reason: "incident 7" }],
    ["pause.ended", "admin:operator", { level: name, target, reason: "fixed" }],
  ]);
});

test("pausing again replaces mode, reason and author", async () => {
  const what = { level: PauseLevel.TENANT, target: "acme" };
  await client.pause({ ...what, reason: "first" });
  const admin = world.client(PauseService, "admin");
  await admin.pause({ ...what, mode: PauseMode.HOLD, reason: "second" });
  expect((await client.listPauses({})).pauses).toMatchObject([
    { mode: PauseMode.HOLD, reason: "second", author: "admin:admin" },
  ]);
  await client.resume(what);
});

test.each([
  ["RELAY", "acme", PauseMode.DRAIN, "FIELD_INVALID"],
  ["TENANT", "", PauseMode.DRAIN, "FIELD_INVALID"],
  ["TENANT", "nobody", PauseMode.DRAIN, "TENANT_NOT_FOUND"],
  ["METHOD", "CreateAcount", PauseMode.DRAIN, "FIELD_INVALID"],
  ["METHOD", "GetRelayInfo", PauseMode.DRAIN, "FIELD_INVALID"],
  ["METHOD", "RefreshSession", PauseMode.DRAIN, "FIELD_INVALID"],
  ["METHOD", "CreateAccount", PauseMode.HOLD, "FIELD_INVALID"],
  ["ACTION_KIND", "transfer", PauseMode.DRAIN, "FIELD_INVALID"],
  ["RELAYER_KEY", "ed25519:short", PauseMode.DRAIN, "FIELD_INVALID"],
  ["UNSPECIFIED", "", PauseMode.DRAIN, "FIELD_INVALID"],
] as const)("a pause of %s %j in mode %i is refused with %s", async (level, target, mode, reason) => {
  const request = { level: PauseLevel[level], target, mode, reason: "x" };
  expect(await reasonFor(client.pause(request))).toBe(reason);
  expect(world.directory.pauses).toEqual([]);
});

test("a pause needs a reason", async () => {
  expect(await reasonFor(client.pause({ level: PauseLevel.RELAY }))).toBe("FIELD_INVALID");
});

test("the list tells how many submissions are open, so that the end of a drain shows", async () => {
  expect((await client.listPauses({})).openSubmissions).toBe(0n);
  await world.ledger.accept(delegate("open", { at: new Date() }));
  expect((await client.listPauses({})).openSubmissions).toBe(1n);
});
