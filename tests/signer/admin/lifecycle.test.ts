import { Code } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { KeyState } from "@countersign/gen/countersign/signer/v1/relayer_signer_pb.ts";
import { BackendError } from "@countersign/signer-service/backends/backend-failure.ts";
import { KeystoreError } from "@countersign/signer-service/backends/keystore/keystore-error.ts";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { AUDIENCE, configuredKey, NETWORK, startAdmin, type World } from "./support/admin-world.ts";
import { failureOf } from "./support/failures.ts";
import { placeOf } from "./support/memory-backend.ts";

const newKey = { backend: "hsm", keyId: "b", network: NETWORK, accountId: "relay.near" };

const worldOf = (overrides: Partial<World> = {}): World => ({
  places: { hsm: placeOf("a") },
  keys: [configuredKey("a")],
  ...overrides,
});

describe("a key's life", () => {
  it("is told with its backend, its policy and the lock of a journal without floors", async () => {
    const { client, ring } = await startAdmin(worldOf());
    const { audience, keys, backends, journal } = await client.getStatus({});
    expect(audience).toBe(AUDIENCE);
    expect(keys).toMatchObject([
      { key: { keyId: "a", state: KeyState.ACTIVE, paused: false }, backend: "hsm", hasPolicy: true },
    ]);
    expect(keys[0]?.nonceFloor).toBeUndefined();
    expect(ring.all().map(({ keyId }) => keyId)).toEqual(["a"]);
    expect(backends).toMatchObject([{ name: "hsm", description: "memory hsm", healthy: true, problem: "" }]);
    expect(journal).toMatchObject({ entries: 0n, lockReason: expect.stringContaining("nonce") });
  });

  it("goes from generated over active and drained to retired, and never back", async () => {
    const { client, store, audited } = await startAdmin(worldOf());
    const { key: made } = await client.generateKey(newKey);
    expect(made).toMatchObject({ key: { keyId: "b", state: KeyState.PENDING }, hasPolicy: false });

    const { key: active } = await client.activateKey({ keyId: "b", nonceFloor: 7n });
    expect(active).toMatchObject({ key: { state: KeyState.ACTIVE }, nonceFloor: 7n });
    expect((await client.getStatus({})).journal?.lockReason).toBe("");
    expect(await failureOf(client.retireKey({ keyId: "b" }))).toMatchObject({
      code: Code.FailedPrecondition,
      reason: ErrorReason.SIGNER_KEY_STATE_CONFLICT,
    });
    expect((await client.drainKey({ keyId: "b" })).key?.key?.state).toBe(KeyState.DRAINED);
    expect((await client.retireKey({ keyId: "b" })).key?.key?.state).toBe(KeyState.RETIRED);
    const again = await failureOf(client.activateKey({ keyId: "b", nonceFloor: 8n }));
    expect(again.reason).toBe(ErrorReason.SIGNER_KEY_STATE_CONFLICT);
    expect((await store.keyRecords.list()).map(({ keyId, state }) => [keyId, state])).toEqual([
      ["a", "ACTIVE"],
      ["b", "RETIRED"],
    ]);
    const byOperators = (await audited()).filter(({ actor }) => actor === "unix").map(({ kind }) => kind);
    expect(byOperators).toEqual(["key entered", "key moved", "key moved", "key moved"]);
  });

  it.each([
    [
      "another key of this label",
      new BackendError("the label b is another key's"),
      ErrorReason.SIGNER_KEY_EXISTS,
    ],
    ["a keystore that takes no key", new KeystoreError("not JSON"), ErrorReason.SIGNER_CONFIG_INVALID],
    ["a place that is away", new Error("token removed"), ErrorReason.SIGNER_BACKEND_UNAVAILABLE],
  ])("is not made over %s, and the answer says whether to try again", async (_, error, reason) => {
    const { client, opened } = await startAdmin(worldOf());
    for (const backend of opened) backend.generate = () => Promise.reject(error);
    const failure = await failureOf(client.generateKey(newKey));
    expect(failure.reason).toBe(reason);
    expect(failure.message).toContain(error.message);
  });

  it("is made once, however often it is asked for, and never for another account", async () => {
    const { client, opened } = await startAdmin(worldOf());
    const first = await client.generateKey(newKey);
    const second = await client.generateKey(newKey);
    expect(second.key?.key?.publicKey).toBe(first.key?.key?.publicKey);
    expect(opened[0]?.made).toBe(1);
    expect(await failureOf(client.generateKey({ ...newKey, accountId: "other.near" }))).toMatchObject({
      code: Code.AlreadyExists,
      reason: ErrorReason.SIGNER_KEY_EXISTS,
    });
  });

  it("is not made where there is no such backend, or one that is away", async () => {
    const { client, opened } = await startAdmin(worldOf());
    const nowhere = await failureOf(client.generateKey({ ...newKey, backend: "none" }));
    expect(nowhere.reason).toBe(ErrorReason.SIGNER_CONFIG_INVALID);
    expect(nowhere.message).toContain("no backend none");
    for (const backend of opened) backend.isAway = true;
    const away = await failureOf(client.generateKey(newKey));
    expect(away).toMatchObject({
      code: Code.Unavailable,
      reason: ErrorReason.SIGNER_BACKEND_UNAVAILABLE,
    });
    for (const backend of opened) backend.isAway = false;
    expect((await client.generateKey(newKey)).key?.key?.state).toBe(KeyState.PENDING);
  });

  it("goes on after a restart: a made key is held, a pause and a state are what they were", async () => {
    const world = worldOf({ folder: temporaryDirectory() });
    const first = await startAdmin(world);
    const { key: made } = await first.client.generateKey(newKey);
    await first.client.pauseKey({ keyId: "a", reason: "incident 7" });
    await first.stop();

    const { client, ring } = await startAdmin(world);
    expect(ring.all().map(({ keyId }) => keyId)).toEqual(["a", "b"]);
    const { keys } = await client.getStatus({});
    expect(keys).toMatchObject([
      { key: { keyId: "a", paused: true }, pauseReason: "incident 7" },
      { key: { keyId: "b", state: KeyState.PENDING, publicKey: made?.key?.publicKey } },
    ]);
    const { key: resumed } = await client.resumeKey({ keyId: "a" });
    expect(resumed).toMatchObject({ key: { paused: false }, pauseReason: "" });
  });

  it("begins pending where the configuration says so", async () => {
    const { client } = await startAdmin(worldOf({ keys: [configuredKey("a", { initialState: "PENDING" })] }));
    expect((await client.getStatus({})).keys[0]?.key?.state).toBe(KeyState.PENDING);
  });

  it("is that of no unknown key", async () => {
    const { client } = await startAdmin(worldOf());
    const keyId = "nobody";
    for (const call of [
      client.pauseKey({ keyId, reason: "why" }),
      client.resumeKey({ keyId }),
      client.activateKey({ keyId, nonceFloor: 1n }),
      client.drainKey({ keyId }),
      client.retireKey({ keyId }),
      client.setNonceFloors({ floors: [{ keyId, nonce: 1n }] }),
    ]) {
      expect((await failureOf(call)).reason).toBe(ErrorReason.SIGNER_KEY_NOT_FOUND);
    }
  });
});

describe("nonce floors", () => {
  it("are taken for all keys or for none, and open the journal", async () => {
    const { client } = await startAdmin(worldOf());
    const unknown = {
      floors: [
        { keyId: "a", nonce: 5n },
        { keyId: "x", nonce: 5n },
      ],
    };
    expect((await failureOf(client.setNonceFloors(unknown))).reason).toBe(ErrorReason.SIGNER_KEY_NOT_FOUND);
    expect((await client.getStatus({})).keys[0]?.nonceFloor).toBeUndefined();
    const twice = {
      floors: [
        { keyId: "a", nonce: 5n },
        { keyId: "a", nonce: 6n },
      ],
    };
    expect((await failureOf(client.setNonceFloors(twice))).reason).toBe(ErrorReason.FIELD_INVALID);

    const { keys } = await client.setNonceFloors({ floors: [{ keyId: "a", nonce: 5n }] });
    expect(keys).toMatchObject([{ key: { keyId: "a" }, nonceFloor: 5n }]);
    expect((await client.getStatus({})).journal?.lockReason).toBe("");
  });
});
