import { randomBytes } from "node:crypto";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { describe, expect, it, vi } from "vitest";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { configuredKey, startAdmin, type World } from "./support/admin-world.ts";
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
    expect(await ring.get("a").backend.sign(hash)).toHaveLength(64);
    const { backends } = await client.getStatus({});
    expect(backends).toMatchObject([
      { name: "hsm", healthy: true },
      { name: "cloud", healthy: false, problem: expect.stringContaining("key c: cloud gives no answer") },
    ]);

    for (const backend of opened) backend.isAway = false;
    retryNow();
    await vi.waitFor(() => expect(ring.missing()).toEqual([]));
    expect(await ring.get("c").backend.sign(hash)).toHaveLength(64);
    expect((await client.getStatus({})).keys.map(({ key }) => key?.keyId)).toEqual(["a", "c"]);
  });

  it("still tells the public halves of keys that the store knows, and signs with none of them", async () => {
    const { world, cloud } = worldWithCloud();
    cloud.isAway = false;
    const first = await startAdmin(world);
    const { publicKey } = first.ring.get("c");
    await first.stop();

    cloud.isAway = true;
    const { ring, registry } = await startAdmin(world);
    expect(ring.get("c").publicKey).toEqual(publicKey);
    await expect(ring.get("c").backend.sign(hash)).rejects.toMatchObject({
      reason: ErrorReason.SIGNER_BACKEND_UNAVAILABLE,
    });
    expect(await registry.metrics()).toContain('countersign_signer_backend_errors_total{backend="cloud"} 1');
  });
});

describe("the health of backends", () => {
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
