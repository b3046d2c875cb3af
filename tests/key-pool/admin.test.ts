import {
  KeyOperationKind,
  KeyOperationStep,
  PoolKeyState,
} from "@countersign/gen/countersign/admin/v1/key_pool_pb.ts";
import { KeyPoolService } from "@countersign/gen/countersign/admin/v1/key_pool_service_pb.ts";
import { registerKeyPoolGauges } from "@countersign/server/observability/key-pool-gauges.ts";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type AdminWorld, startAdmin } from "../admin/admin-world.ts";
import { reasonFor } from "../admin/refused.ts";
import { ACCOUNT } from "./support/pool-world.ts";
import { testKeyPools } from "./support/test-key-pools.ts";

const { ADD, DRAIN, ROTATE } = KeyOperationKind;

let admin: AdminWorld;
let pools: ReturnType<typeof testKeyPools>;
beforeEach(async () => {
  admin = await startAdmin({
    keyPools: (ledger) => {
      pools = testKeyPools(ledger);
      return pools.desk;
    },
  });
  pools.world.hold("first");
  pools.world.hold("second");
  pools.world.hold("waiting", "PENDING");
  pools.world.hold("gone", "RETIRED");
});
afterEach(() => admin.stop());

const operator = () => admin.client(KeyPoolService, "operator");
const viewer = () => admin.client(KeyPoolService, "viewer");
const start = (kind: KeyOperationKind, oldKeyId = "", accountId = ACCOUNT) =>
  operator().startKeyOperation({ accountId, kind, oldKeyId, reason: "load" });

/** Runs the pools while `body` does. */
async function running(body: () => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const run = pools.run(stop.signal);
  await body();
  stop.abort();
  await run;
}

test("pools are shown with their keys, without those that are retired", async () => {
  const { pools: shown } = await viewer().listKeyPools({});
  expect(shown).toMatchObject([
    { accountId: ACCOUNT, managed: true, minKeys: 0, maxKeys: 0 },
    { accountId: "bare.testnet", managed: false, keys: [] },
  ]);
  expect(shown[0]?.operation).toBeUndefined();
  expect(shown[0]?.keys).toMatchObject([
    {
      keyId: "first",
      publicKey: "ed25519:first",
      state: PoolKeyState.ACTIVE,
      lane: "active",
      openSubmissions: 0,
    },
    { keyId: "second", state: PoolKeyState.ACTIVE, lane: "", paused: false },
    { keyId: "waiting", state: PoolKeyState.PENDING },
  ]);
});

test("an operation is begun once, shown, driven and listed, and recorded", async () => {
  const { operation } = await start(ROTATE, "second");
  expect(operation).toMatchObject({
    ...{ accountId: ACCOUNT, kind: ROTATE, step: KeyOperationStep.GENERATING, oldKeyId: "second" },
    ...{ problem: "", actor: "admin:operator", reason: "load" },
  });
  expect(operation?.newKeyId).toMatch(/^pool-[0-9a-z]{9}[0-9a-f]{8}$/);
  const id = operation?.id ?? expect.fail("no operation");
  expect((await start(ROTATE, "second")).operation).toEqual(operation);
  expect((await viewer().listKeyPools({})).pools[0]?.operation).toEqual(operation);
  expect((await viewer().getKeyOperation({ id })).operation).toEqual(operation);

  await running(() =>
    expect
      .poll(async () => (await viewer().getKeyOperation({ id })).operation?.step, { timeout: 20_000 })
      .toBe(KeyOperationStep.DONE),
  );
  expect(pools.world.keys.get("second")).toMatchObject({ state: "RETIRED" });
  const listed = await viewer().listKeyOperations({ accountId: ACCOUNT });
  expect(listed.operations).toMatchObject([{ id, step: KeyOperationStep.DONE }]);
  const entries = (await admin.audited("")).filter(({ kind }) => kind.startsWith("key_operation."));
  expect(entries.map(({ kind, actor }) => `${kind} ${actor}`)).toEqual([
    "key_operation.started admin:operator",
    ...Array.from({ length: 6 }, () => "key_operation.moved relay"),
  ]);
  expect(JSON.parse(entries[0]?.detail ?? "")).toEqual({
    ...{ operation: id, account: ACCOUNT, operation_kind: "ROTATE", reason: "load" },
    ...{ new_key: operation?.newKeyId, old_key: "second" },
  });
});

test("another operation has to wait", async () => {
  await start(DRAIN, "second");
  const others = [() => start(ADD), () => start(DRAIN, "first"), () => start(ROTATE, "second")];
  for (const other of others) expect(await reasonFor(other())).toBe("KEY_OPERATION_RUNNING");
});

test.each([
  ["an account without a pool", ADD, "", "bare.testnet", "KEY_POOL_NOT_FOUND"],
  ["an account that is no relayer's", ADD, "", "alice.testnet", "KEY_POOL_NOT_FOUND"],
  ["an addition with a key that goes", ADD, "first", ACCOUNT, "FIELD_INVALID"],
  ["a drain without one", DRAIN, "", ACCOUNT, "FIELD_INVALID"],
  ["a rotation without one", ROTATE, "", ACCOUNT, "FIELD_INVALID"],
  ["no kind", KeyOperationKind.UNSPECIFIED, "", ACCOUNT, "FIELD_INVALID"],
  ["a key that the signer does not hold", DRAIN, "third", ACCOUNT, "SIGNER_KEY_NOT_FOUND"],
  ["a key that is retired", DRAIN, "gone", ACCOUNT, "SIGNER_KEY_STATE_CONFLICT"],
  ["a rotation of a key that is not used yet", ROTATE, "waiting", ACCOUNT, "SIGNER_KEY_STATE_CONFLICT"],
] as const)("%s is refused", async (_, kind, oldKeyId, accountId, reason) => {
  expect(await reasonFor(start(kind, oldKeyId, accountId))).toBe(reason);
  expect((await viewer().listKeyPools({})).pools[0]?.operation).toBeUndefined();
});

test("the last key that signs is not drained, and may be rotated", async () => {
  pools.world.hold("second", "DRAINED");
  expect(await reasonFor(start(DRAIN, "first"))).toBe("SIGNER_KEY_STATE_CONFLICT");
  expect((await start(ROTATE, "first")).operation?.kind).toBe(ROTATE);
});

test("a reason has to be given", async () => {
  expect(await reasonFor(operator().startKeyOperation({ accountId: ACCOUNT, kind: ADD }))).toBe(
    "FIELD_INVALID",
  );
});

test("an operation is cancelled once, and stays as it ended", async () => {
  const id = (await start(ADD)).operation?.id ?? "";
  const { operation } = await operator().cancelKeyOperation({ id, reason: "too many" });
  expect(operation).toMatchObject({ id, step: KeyOperationStep.CANCELLED });
  expect((await operator().cancelKeyOperation({ id, reason: "again" })).operation).toEqual(operation);
  const ends = (await admin.audited("")).filter(({ kind }) => kind === "key_operation.cancelled");
  expect(ends.map(({ actor, detail }) => [actor, JSON.parse(detail)])).toEqual([
    ["admin:operator", { operation: id, account: ACCOUNT, step: "GENERATING", reason: "too many" }],
  ]);
  expect((await start(ADD)).operation?.id).not.toBe(id);
});

test("an operation of another ledger is not found", async () => {
  expect(await reasonFor(viewer().getKeyOperation({ id: "kop_x" }))).toBe("KEY_OPERATION_NOT_FOUND");
  expect(await reasonFor(operator().cancelKeyOperation({ id: "kop_x", reason: "x" }))).toBe(
    "KEY_OPERATION_NOT_FOUND",
  );
  expect(await reasonFor(viewer().listKeyOperations({ accountId: "alice.testnet" }))).toBe(
    "KEY_POOL_NOT_FOUND",
  );
});

test("a relay without keys of its own has no pools and no operations", async () => {
  const bare = await startAdmin();
  const client = bare.client(KeyPoolService);
  expect((await client.listKeyPools({})).pools).toEqual([]);
  const request = { accountId: ACCOUNT, kind: ADD, reason: "x" };
  expect(await reasonFor(client.startKeyOperation(request))).toBe("KEY_POOL_NOT_FOUND");
  expect(await reasonFor(client.getKeyOperation({ id: "x" }))).toBe("KEY_OPERATION_NOT_FOUND");
  await bare.stop();
});

test("the gauges show the keys, and the operation that is open with its problem", async () => {
  registerKeyPoolGauges(pools.registry, pools.gauges, () => new Date());
  pools.world.fault = (call) => {
    if (call === "generate") throw new Error("away");
  };
  await start(ADD);
  await running(() =>
    expect
      .poll(() => pools.registry.metrics())
      .toContain(`countersign_key_operation_problem{account="${ACCOUNT}",kind="ADD",step="GENERATING"} 1`),
  );
  const metrics = await pools.registry.metrics();
  expect(metrics).toContain(`countersign_relayer_keys{account="${ACCOUNT}",state="ACTIVE"} 2`);
  expect(metrics).toContain(
    `countersign_key_operations_open{account="${ACCOUNT}",kind="ADD",step="GENERATING"} 1`,
  );
  expect(metrics).toMatch(/countersign_key_operation_step_seconds\{[^}]*\} [\d.e-]+\n/);
  expect(metrics).toContain('countersign_key_operation_failures_total{kind="ADD",step="GENERATING"} ');
});
