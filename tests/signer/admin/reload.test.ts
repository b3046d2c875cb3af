import { randomBytes } from "node:crypto";
import { Code } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { describe, expect, it, vi } from "vitest";
import { configuredKey, heldKey, NETWORK, startAdmin, type World } from "./support/admin-world.ts";
import { failureOf } from "./support/failures.ts";
import { placeOf } from "./support/memory-backend.ts";

const worldOf = (): World => ({ places: { hsm: placeOf("a", "b") }, keys: [configuredKey("a")] });
const hash = randomBytes(32);

describe("a reload", () => {
  it("brings the keys and the backends of the new configuration, and takes the others", async () => {
    const world = worldOf();
    const { client, ring } = await startAdmin(world);
    world.places = { hsm: world.places.hsm ?? placeOf(), cloud: placeOf("c") };
    world.keys = [configuredKey("b"), configuredKey("c", { backend: "cloud" })];
    // "a" is in the store: it is held until it is retired.
    expect(await client.reload({})).toMatchObject({ added: ["b", "c"], removed: [] });

    world.places = { hsm: world.places.hsm ?? placeOf() };
    world.keys = [configuredKey("b")];
    expect(await client.reload({})).toMatchObject({ added: [], removed: ["c"] });
    expect(ring.all().map(({ keyId }) => keyId)).toEqual(["a", "b"]);
    expect(ring.open("c")).toBeUndefined();
  });

  it("changes nothing, and says all that is wrong, when a configuration cannot be taken over", async () => {
    const world = worldOf();
    const { client, ring, opened } = await startAdmin(world);
    world.keys = [
      configuredKey("a", { reference: "lost" }),
      configuredKey("z", { backend: "nowhere" }),
      configuredKey("b"),
    ];
    const failure = await failureOf(client.reload({}));
    expect(failure).toMatchObject({
      code: Code.FailedPrecondition,
      reason: ErrorReason.SIGNER_CONFIG_INVALID,
    });
    expect(failure.message).toContain("hsm holds no lost");
    expect(failure.message).toContain("no backend nowhere");
    expect(ring.all().map(({ keyId }) => keyId)).toEqual(["a"]);
    expect(opened.map(({ isClosed }) => isClosed)).toEqual([false, true]);
    expect(await heldKey(ring, "a").backend.sign(hash)).toHaveLength(64);
  });

  it.each([
    [
      "one key for two networks",
      [configuredKey("a"), configuredKey("b", { reference: "a", network: "mainnet" })],
    ],
    ["a key that the store knows for another account", [configuredKey("a", { accountId: "other.near" })]],
  ])("refuses %s", async (_, keys) => {
    const world = worldOf();
    const { client, ring, store } = await startAdmin(world);
    world.keys = keys;
    expect((await failureOf(client.reload({}))).reason).toBe(ErrorReason.SIGNER_CONFIG_INVALID);
    expect(heldKey(ring, "a")).toMatchObject({ network: NETWORK, accountId: "relay.near" });
    expect(await store.keyRecords.list()).toHaveLength(1);
  });

  it("leaves the keys as they are when the rest of the configuration is wrong", async () => {
    const world = worldOf();
    const { client, ring, opened } = await startAdmin(world);
    world.keys = [configuredKey("a"), configuredKey("b")];
    world.checkOthers = () => {
      throw new Error("a policy names nobody");
    };
    expect((await failureOf(client.reload({}))).message).toContain("a policy names nobody");
    expect(ring.all().map(({ keyId }) => keyId)).toEqual(["a"]);
    expect(opened.at(-1)?.isClosed).toBe(true);
    delete world.checkOthers;
    expect((await client.reload({})).added).toEqual(["b"]);
  });

  it("is refused with ABORTED while another one runs, as is the making of a key", async () => {
    const world = worldOf();
    const { client, ring, opened } = await startAdmin(world);
    const prepared = await ring.prepare(world);
    const running = { code: Code.Aborted, reason: ErrorReason.RELOAD_RUNNING };
    expect(await failureOf(client.reload({}))).toMatchObject(running);
    const newKey = { backend: "hsm", keyId: "n", network: NETWORK, accountId: "relay.near" };
    expect(await failureOf(client.generateKey(newKey))).toMatchObject(running);
    await prepared.discard();
    expect(await client.reload({})).toMatchObject({ added: [], removed: [] });
    await vi.waitFor(() => expect(opened.map((b) => b.isClosed)).toEqual([true, true, false]));
  });

  it("lets a signature that is being made finish before its backend is closed", async () => {
    const world = worldOf();
    const { client, ring, opened } = await startAdmin(world);
    const [old] = opened;
    if (old === undefined) throw new Error("no backend");
    const held = Promise.withResolvers<void>();
    old.holdBack = held.promise;
    const key = heldKey(ring, "a");
    const signing = key.backend.sign(hash);
    await client.reload({});
    expect(old.isClosed).toBe(false);
    // A key that was looked up before signs with the backend of now.
    expect(await key.backend.sign(hash)).toHaveLength(64);
    held.resolve();
    expect(await signing).toHaveLength(64);
    await vi.waitFor(() => expect(old.isClosed).toBe(true));
  });

  it("loses no signature of those that are asked for meanwhile", async () => {
    const { client, ring } = await startAdmin(worldOf());
    let isDone = false;
    let made = 0;
    const signing = Array.from({ length: 8 }, async () => {
      while (!isDone) {
        expect(await heldKey(ring, "a").backend.sign(hash)).toHaveLength(64);
        made++;
        await new Promise(setImmediate);
      }
    });
    for (let i = 0; i < 5; i++) await client.reload({});
    isDone = true;
    await Promise.all(signing);
    expect(made).toBeGreaterThan(8);
  });

  it("stands in the audit with who did it, in the metrics and in the log", async () => {
    const world = worldOf();
    const { client, registry, logged, audited } = await startAdmin(world);
    await client.reload({});
    world.keys = [configuredKey("z", { backend: "nowhere" })];
    await failureOf(client.reload({}));
    const kind = "configuration reloaded";
    expect((await audited()).filter((e) => e.kind === kind)).toEqual([{ kind, actor: "unix" }]);
    const text = await registry.metrics();
    expect(text).toContain('countersign_signer_reloads_total{outcome="succeeded"} 1');
    expect(text).toContain('countersign_signer_reloads_total{outcome="failed"} 1');
    expect(logged()).toMatch(/"actor":"unix","msg":"configuration reloaded"/);
  });
});
