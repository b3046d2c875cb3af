import { toJsonString } from "@bufbuild/protobuf";
import { durationFromMs, timestampDate } from "@bufbuild/protobuf/wkt";
import type { Client } from "@connectrpc/connect";
import {
  type ApiKey,
  ListApiKeysResponseSchema,
  Scope,
} from "@countersign/gen/countersign/admin/v1/api_key_pb.ts";
import { ApiKeyService } from "@countersign/gen/countersign/admin/v1/api_key_service_pb.ts";
import { TenantService } from "@countersign/gen/countersign/admin/v1/tenant_service_pb.ts";
import { parseApiKey } from "@countersign/server/access/api-key.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type AdminWorld, startAdmin } from "./admin-world.ts";
import { reasonFor } from "./refused.ts";

const HOUR_MS = 3_600_000;
const TENANT = "acme";

let world: AdminWorld;
let client: Client<typeof ApiKeyService>;
beforeAll(async () => {
  world = await startAdmin();
  client = world.client(ApiKeyService);
  await world.client(TenantService).createTenant({ tenant: TENANT });
  await world.client(TenantService).createTenant({ tenant: "globex" });
});
afterAll(() => world.stop());

function newKey(changes: { lifetimeMs?: number; idempotencyKey?: string; displayName?: string } = {}) {
  const { lifetimeMs, ...rest } = changes;
  const lifetime = lifetimeMs === undefined ? {} : { lifetime: durationFromMs(lifetimeMs) };
  return { tenant: TENANT, scopes: [Scope.READ, Scope.SUBMIT], ...lifetime, ...rest };
}

/** Milliseconds between two times of an answer. */
function between(from: Parameters<typeof timestampDate>[0] | undefined, to: typeof from): number {
  if (from === undefined || to === undefined) return Number.NaN;
  return timestampDate(to).getTime() - timestampDate(from).getTime();
}

test("a key's secret is shown once, and stands in no log and no list", async () => {
  const request = newKey({ idempotencyKey: "k1", displayName: "backend", lifetimeMs: 24 * HOUR_MS });
  const { key, secret } = await client.createApiKey(request);
  const parts = parseApiKey(secret);
  expect(parts?.id).toBe(key?.id);
  expect(key).toMatchObject({ displayName: "backend", scopes: [Scope.READ, Scope.SUBMIT], rotatedFrom: "" });
  expect(between(key?.createTime, key?.expireTime)).toBe(24 * HOUR_MS);
  expect(world.directory.key(parts?.id ?? "")?.tenant).toBe(TENANT);

  const again = await client.createApiKey(request);
  expect(again).toMatchObject({ key, secret: "" });
  expect(await reasonFor(client.createApiKey({ ...request, displayName: "x" }))).toBe(
    "IDEMPOTENCY_KEY_REUSED",
  );

  const listed = await client.listApiKeys({ tenant: TENANT });
  expect(listed.keys.filter(({ id }) => id === key?.id)).toEqual([key]);
  const entries = (await world.audited(TENANT)).filter(({ kind }) => kind === "key.created");
  expect(entries.map(({ actor, detail }) => [actor, JSON.parse(detail).key_id])).toEqual([
    ["admin:admin", key?.id],
  ]);
  const bare = parts?.secret.reveal() ?? "missing";
  const shown = toJsonString(ListApiKeysResponseSchema, listed);
  const stored = (await world.ledger.listApiKeys(TENANT)).map(({ secretHash, ...rest }) => [
    Buffer.from(secretHash).toString("latin1"),
    JSON.stringify(rest),
  ]);
  expect([shown, stored, entries.map((e) => e.detail), world.lines].flat(2).join()).not.toContain(bare);
});

test("a key without a lifetime lives for ever; one of no length, or beyond ten years, is refused", async () => {
  expect((await client.createApiKey(newKey())).key?.expireTime).toBeUndefined();
  for (const lifetimeMs of [0, -1000, 4000 * 24 * HOUR_MS]) {
    expect(await reasonFor(client.createApiKey(newKey({ lifetimeMs })))).toBe("FIELD_INVALID");
  }
  expect(await reasonFor(client.createApiKey({ tenant: TENANT }))).toBe("FIELD_INVALID");
  const unknown = { tenant: TENANT, scopes: [99 as Scope] };
  expect(await reasonFor(client.createApiKey(unknown))).toBe("FIELD_INVALID");
});

test("keys of a tenant that is not there are not found", async () => {
  const nobody = { tenant: "nobody" };
  expect(await reasonFor(client.createApiKey({ ...newKey(), ...nobody }))).toBe("TENANT_NOT_FOUND");
  expect(await reasonFor(client.listApiKeys(nobody))).toBe("TENANT_NOT_FOUND");
  expect(await reasonFor(client.rotateApiKey({ ...nobody, keyId: "x" }))).toBe("API_KEY_NOT_FOUND");
  expect(await reasonFor(client.revokeApiKey({ ...nobody, keyId: "x" }))).toBe("API_KEY_NOT_FOUND");
});

test("a rotated key goes on for a day, and its successor is like it", async () => {
  const { key: old } = await client.createApiKey(newKey({ displayName: "app", lifetimeMs: 100 * HOUR_MS }));
  const request = { tenant: TENANT, keyId: old?.id ?? "", idempotencyKey: "r1" };
  const { key, secret, oldKey } = await client.rotateApiKey(request);
  expect(parseApiKey(secret)?.id).toBe(key?.id);
  expect(key).toMatchObject({ displayName: "app", scopes: old?.scopes, rotatedFrom: old?.id });
  expect(between(key?.createTime, key?.expireTime)).toBe(100 * HOUR_MS);
  expect(between(key?.createTime, oldKey?.expireTime)).toBe(24 * HOUR_MS);
  expect(await client.rotateApiKey(request)).toMatchObject({ key, oldKey, secret: "" });
  const overlap = durationFromMs(1000);
  expect(await reasonFor(client.rotateApiKey({ ...request, overlap }))).toBe("IDEMPOTENCY_KEY_REUSED");
});

test("an overlap may be none and is never longer than the old key's own life", async () => {
  const { key: short } = await client.createApiKey(newKey({ lifetimeMs: HOUR_MS }));
  const rotated = await client.rotateApiKey({ tenant: TENANT, keyId: short?.id ?? "" });
  expect(rotated.oldKey?.expireTime).toEqual(short?.expireTime);
  const ended = await client.rotateApiKey({
    tenant: TENANT,
    keyId: rotated.key?.id ?? "",
    overlap: durationFromMs(0),
  });
  expect(ended.oldKey?.expireTime).toEqual(ended.key?.createTime);
  const again = { tenant: TENANT, keyId: rotated.key?.id ?? "" };
  expect(await reasonFor(client.rotateApiKey(again))).toBe("API_KEY_NOT_ACTIVE");
  const negative = { tenant: TENANT, keyId: ended.key?.id ?? "", overlap: durationFromMs(-1) };
  expect(await reasonFor(client.rotateApiKey(negative))).toBe("FIELD_INVALID");

  const entries = (await world.audited(TENANT)).filter(({ kind }) => kind === "key.rotated");
  const ends = entries.map(({ detail }) => JSON.parse(detail)).map((d) => [d.key_id, d.old_key_ends_at]);
  const end = (key: ApiKey | undefined) =>
    key?.expireTime === undefined ? undefined : timestampDate(key.expireTime).toISOString();
  expect(ends).toContainEqual([short?.id, end(short)]);
  expect(ends).toContainEqual([rotated.key?.id, end(ended.oldKey)]);
});

test("a key has one successor at a time; after that one is revoked it may have another", async () => {
  const keyId = (await client.createApiKey(newKey())).key?.id ?? "";
  const { key: successor } = await client.rotateApiKey({ tenant: TENANT, keyId });
  const again = client.rotateApiKey({ tenant: TENANT, keyId });
  await expect(again).rejects.toThrow(/rotate its successor, or revoke it/);
  expect(await reasonFor(again)).toBe("API_KEY_NOT_ACTIVE");
  await client.revokeApiKey({ tenant: TENANT, keyId: successor?.id ?? "", reason: "its secret was lost" });
  expect((await client.rotateApiKey({ tenant: TENANT, keyId })).key?.rotatedFrom).toBe(keyId);
});

test("a revoked key is over at once, for its tenant alone, and has no successor", async () => {
  const keyId = (await client.createApiKey(newKey())).key?.id ?? "";
  expect(await reasonFor(client.revokeApiKey({ tenant: "globex", keyId }))).toBe("API_KEY_NOT_FOUND");
  expect(await reasonFor(client.rotateApiKey({ tenant: "globex", keyId }))).toBe("API_KEY_NOT_FOUND");
  const request = { tenant: TENANT, keyId, reason: "leaked" };
  const { key } = await client.revokeApiKey(request);
  expect(key?.revokeTime).toBeDefined();
  expect(world.directory.key(keyId)?.revokedAt).not.toBeNull();
  expect((await client.revokeApiKey(request)).key).toEqual(key);
  expect(await reasonFor(client.rotateApiKey({ tenant: TENANT, keyId }))).toBe("API_KEY_NOT_ACTIVE");

  const entries = (await world.audited(TENANT)).filter(({ kind }) => kind === "key.revoked");
  const details = entries.map(({ detail }) => JSON.parse(detail)).filter(({ key_id }) => key_id === keyId);
  expect(details).toEqual([{ key_id: keyId, reason: "leaked" }]);
});
