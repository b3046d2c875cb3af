import { randomBytes } from "node:crypto";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { describe, expect, it, vi } from "vitest";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { configuredKey, heldKey, startAdmin, type World } from "./support/admin-world.ts";
import { type MemoryBackend, placeOf } from "./support/memory-backend.ts";

const hash = randomBytes(32);

/** A cloud that can be away when the signer starts, beside an HSM that never is. */
function worldWithCloud() {
  const cloud = { isAway: true };
  const world: World = {
    folder: temporaryDirectory(),
    places: { hsm: placeOf("a"), cloud: placeOf("c") },
    keys: [configuredKey("a"), configuredKey("c", { backend: "cloud" })],
    onOpen: (backend: MemoryBackend) => {
      backend.isAway = backend.name === "cloud" && cloud.isAway;
    },
  };
  return { world, cloud };
}

describe("a backend that is away at start", () => {
  it("keeps no other from serving, and its keys come once it is back", async () => {
    const { world } = worldWithCloud();
    const { client, ring, opened, retryNow } = await startAdmin(world);
    expect(ring.all().map(({ keyId }) => keyId)).toEqual(["a"]);
    expect(await heldKey(ring, "a").backend.sign(hash)).toHaveLength(64);
    const { backends } = await client.getStatus({});
    expect(backends).toMatchObject([
      { name: "hsm", healthy: true },
      { name: "cloud", healthy: false, problem: expect.stringContaining("key c: cloud gives no answer") },
    ]);

    for (const backend of opened) backend.isAway = false;
    retryNow();
    await vi.waitFor(() => expect(ring.missing()).toEqual([]));
    expect(await heldKey(ring, "c").backend.sign(hash)).toHaveLength(64);
    expect((await client.getStatus({})).keys.map(({ key }) => key?.keyId)).toEqual(["a", "c"]);
  });

  it("still tells the public halves of keys that the store knows, and signs with none of them", async () => {
    const { world, cloud } = worldWithCloud();
    cloud.isAway = false;
    const first = await startAdmin(world);
    const { publicKey } = heldKey(first.ring, "c");
    await first.stop();

    cloud.isAway = true;
    const { ring, registry } = await startAdmin(world);
    expect(heldKey(ring, "c").publicKey).toEqual(publicKey);
    await expect(heldKey(ring, "c").backend.sign(hash)).rejects.toMatchObject({
      reason: ErrorReason.SIGNER_BACKEND_UNAVAILABLE,
    });
    expect(await registry.metrics()).toContain('countersign_signer_backend_errors_total{backend="cloud"} 1');
  });
});

describe("a key that comes late", () => {
  it("of a configuration that has gone meanwhile is not entered", async () => {
    const { world } = worldWithCloud();
    const { client, ring, opened, retryNow, store } = await startAdmin(world);
    const cloud = opened.find(({ name }) => name === "cloud");
    if (cloud === undefined) throw new Error("no backend");
    const answer = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    const open = cloud.open.bind(cloud);
    cloud.open = async (reference) => {
      asked.resolve();
      await answer.promise;
      return open(reference);
    };
    cloud.isAway = false;
    retryNow();
    await asked.promise;
    world.keys = [configuredKey("a")];
    await client.reload({});
    answer.resolve();
    await vi.waitFor(() => expect(cloud.isClosed).toBe(true));
    expect((await store.keyRecords.list()).map(({ keyId }) => keyId)).toEqual(["a"]);
    expect(ring.all().map(({ keyId }) => keyId)).toEqual(["a"]);
  });
});

describe("the health of backends", () => {
  it("is not waited for when the signer stops, though one of them gives no answer, and nothing is told", async () => {
    const { health, opened, logged } = await startAdmin({
      places: { hsm: placeOf("a") },
      keys: [configuredKey("a")],
    });
    const [hsm] = opened;
    if (hsm === undefined) throw new Error("no backend");
    const asked = Promise.withResolvers<void>();
    const never = Promise.withResolvers<void>();
    hsm.check = () => {
      asked.resolve();
      return never.promise;
    };
    const stopping = new AbortController();
    let hasEnded = false;
    const running = health.run(stopping.signal).then(() => {
      hasEnded = true;
    });
    await asked.promise;
    stopping.abort();
    // Turns of the event loop, of which a wait for the backend would need far more.
    for (let i = 0; i < 10; i++) await new Promise(setImmediate);
    expect(hasEnded).toBe(true);
    await running;
    expect(health.states()).toMatchObject([{ healthy: true }]);
    expect(logged()).not.toContain("gives no answer");
  });

  it("changes when one stops answering and when it is back, and each change is told once", async () => {
    const { client, health, opened, logged, registry } = await startAdmin({
      places: { hsm: placeOf("a") },
      keys: [configuredKey("a")],
    });
    const [hsm] = opened;
    if (hsm === undefined) throw new Error("no backend");
    await health.ask();
    hsm.isAway = true;
    await health.ask();
    await health.ask();
    expect((await client.getStatus({})).backends).toMatchObject([
      { healthy: false, problem: "hsm gives no answer" },
    ]);
    expect(await registry.metrics()).toContain('countersign_signer_backend_up{backend="hsm"} 0');
    hsm.isAway = false;
    await health.ask();
    expect((await client.getStatus({})).backends).toMatchObject([{ healthy: true, problem: "" }]);
    expect(logged().match(/"msg":"backend gives no answer"/g)).toHaveLength(1);
    expect(logged().match(/"msg":"backend is back"/g)).toHaveLength(1);
  });
});
