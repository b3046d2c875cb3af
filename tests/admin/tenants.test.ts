import { generateKeyPairSync } from "node:crypto";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import type { TokenIssuerSchema } from "@countersign/gen/countersign/admin/v1/tenant_pb.ts";
import { TenantService } from "@countersign/gen/countersign/admin/v1/tenant_service_pb.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type AdminWorld, startAdmin } from "./admin-world.ts";
import { reasonFor, refusalOf } from "./refused.ts";

let world: AdminWorld;
let client: Client<typeof TenantService>;
beforeAll(async () => {
  world = await startAdmin();
  client = world.client(TenantService);
});
afterAll(() => world.stop());

const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
const PUBLIC_KEYS = JSON.stringify({ keys: [{ ...keys.publicKey.export({ format: "jwk" }), kid: "a" }] });

function issuer(changes: MessageInitShape<typeof TokenIssuerSchema> = {}) {
  return {
    issuer: "https://login.example",
    audience: "wallet",
    jwksUri: "",
    jwksJson: PUBLIC_KEYS,
    algorithms: ["ES256"],
    scopes: ["read"],
    ...changes,
  };
}

test("a tenant is made once, known at once, and recorded", async () => {
  const request = { tenant: "acme", displayName: "Acme Inc" };
  const { tenant } = await client.createTenant(request);
  expect(tenant).toMatchObject({ id: "acme", displayName: "Acme Inc", disabled: false, version: 1n });
  expect(world.directory.tenant("acme")?.displayName).toBe("Acme Inc");
  expect((await client.createTenant(request)).tenant).toEqual(tenant);
  expect(await reasonFor(client.createTenant({ ...request, displayName: "Other" }))).toBe("TENANT_EXISTS");
  expect((await client.getTenant({ tenant: "acme" })).tenant).toEqual(tenant);

  const entries = await world.audited("acme");
  expect(entries.map(({ kind, actor, detail }) => [kind, actor, JSON.parse(detail)])).toEqual([
    ["tenant.created", "admin:admin", { display_name: "Acme Inc" }],
  ]);
});

test("tenants are listed by their ids; one that is not there is not found", async () => {
  await client.createTenant({ tenant: "zeta" });
  await client.createTenant({ tenant: "beta" });
  const ids = (await client.listTenants({})).tenants.map(({ id }) => id);
  expect(ids).toEqual(ids.toSorted());
  expect(ids).toEqual(expect.arrayContaining(["beta", "zeta"]));
  expect(await reasonFor(client.getTenant({ tenant: "nobody" }))).toBe("TENANT_NOT_FOUND");
  expect(await reasonFor(client.createTenant({ tenant: "No Such Name" }))).toBe("FIELD_INVALID");
});

test("an update changes what it sets, over the version that it expects, and may be repeated", async () => {
  await client.createTenant({ tenant: "globex", displayName: "Globex" });
  const request = {
    tenant: "globex",
    expectedVersion: 1n,
    disabled: true,
    tokenIssuers: { issuers: [issuer()] },
  };
  const { tenant } = await client.updateTenant(request);
  expect(tenant).toMatchObject({ displayName: "Globex", disabled: true, version: 2n });
  expect(tenant?.tokenIssuers).toMatchObject([issuer()]);
  expect((await client.updateTenant(request)).tenant).toEqual(tenant);
  expect(world.directory.tenant("globex")?.disabled).toBe(true);

  const other = { tenant: "globex", expectedVersion: 1n, displayName: "Other" };
  expect(await reasonFor(client.updateTenant(other))).toBe("VERSION_CONFLICT");
  expect(await reasonFor(client.updateTenant({ ...other, expectedVersion: 2n ** 64n - 1n }))).toBe(
    "FIELD_INVALID",
  );
  expect(await reasonFor(client.updateTenant({ tenant: "nobody", displayName: "x" }))).toBe(
    "TENANT_NOT_FOUND",
  );
  const enabled = await client.updateTenant({ tenant: "globex", expectedVersion: 2n, disabled: false });
  expect(enabled.tenant).toMatchObject({ disabled: false, version: 3n, tokenIssuers: [issuer()] });

  const details = (await world.audited("globex"))
    .slice(1)
    .map(({ kind, detail }) => [kind, JSON.parse(detail)]);
  expect(details).toEqual([
    [
      "tenant.updated",
      { version: "2", disabled: "true", token_issuers: 1, issuers: "https://login.example wallet" },
    ],
    ["tenant.updated", { version: "3", disabled: "false" }],
  ]);
});

const secretJwk = JSON.stringify({ keys: [keys.privateKey.export({ format: "jwk" })] });
const sharedJwk = JSON.stringify({ keys: [{ kty: "oct", k: "c2VjcmV0LXNlY3JldC1zZWNyZXQ" }] });

test.each([
  ["without keys", { jwksJson: "" }],
  ["with keys in two places", { jwksUri: "https://login.example/keys" }],
  ["with keys over http", { jwksJson: "", jwksUri: "http://login.example/keys" }],
  ["with credentials in its URL", { jwksJson: "", jwksUri: "https://me:hunter2@login.example/keys" }],
  ["with a key set that is no JSON", { jwksJson: "{" }],
  ["with a key set without keys", { jwksJson: '{"keys": []}' }],
  [
    "with a key that is none",
    { jwksJson: '{"keys": [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}]}' },
  ],
  ["with a private key", { jwksJson: secretJwk }],
  ["with a shared secret", { jwksJson: sharedJwk }],
  ["with a symmetric algorithm", { algorithms: ["ES256", "HS256"] }],
  ["with algorithm none", { algorithms: ["none"] }],
  ["with an unknown scope", { scopes: ["read", "everything"] }],
])("a token issuer %s is refused", async (_, changes) => {
  await client.createTenant({ tenant: "initech" });
  const request = { tenant: "initech", expectedVersion: 1n, tokenIssuers: { issuers: [issuer(changes)] } };
  const { reason, message } = await refusalOf(client.updateTenant(request));
  expect(reason).toBe("TOKEN_ISSUER_INVALID");
  expect(message).toContain("issuers[0]");
  expect(message).not.toMatch(/hunter2|c2VjcmV0/);
});

test("keys may come over https, or over http from loopback", async () => {
  await client.createTenant({ tenant: "hooli" });
  const issuers = ["https://login.example/keys", "http://127.0.0.1:1/keys", "http://localhost:1/keys"].map(
    (jwksUri, i) => issuer({ jwksUri, jwksJson: "", audience: `hooli-${i}` }),
  );
  const { tenant } = await client.updateTenant({
    tenant: "hooli",
    expectedVersion: 1n,
    tokenIssuers: { issuers },
  });
  expect(tenant?.tokenIssuers).toHaveLength(3);
});

test("no two tenants, and no tenant twice, have one issuer and audience", async () => {
  await client.createTenant({ tenant: "umbrella" });
  await client.createTenant({ tenant: "wonka" });
  const shared = issuer({ audience: "shared" });
  const twice = { tenant: "wonka", expectedVersion: 1n, tokenIssuers: { issuers: [shared, shared] } };
  expect(await reasonFor(client.updateTenant(twice))).toBe("TOKEN_ISSUER_INVALID");
  const once = { ...twice, tokenIssuers: { issuers: [shared] } };
  await client.updateTenant({ ...once, tenant: "umbrella" });
  expect(await reasonFor(client.updateTenant(once))).toBe("TOKEN_ISSUER_INVALID");
});

test.each([
  ["no prefixes", "", "", false],
  ["the same prefix", "a:", "a:", false],
  ["one prefix", "a:", "", false],
  ["a prefix that begins another's", "a:", "a:b:", false],
  ["prefixes of their own", "a:", "b:", true],
])("several issuers with %s", async (name, one, other, taken) => {
  const tenant = `stark-${name.replace(/[^a-z]+/g, "-").slice(0, 20)}x`;
  await client.createTenant({ tenant });
  const issuers = [
    issuer({ issuer: `https://one.example/${tenant}`, subjectPrefix: one }),
    issuer({ issuer: `https://two.example/${tenant}`, subjectPrefix: other }),
  ];
  const change = client.updateTenant({ tenant, expectedVersion: 1n, tokenIssuers: { issuers } });
  expect(
    await change.then(
      () => true,
      () => false,
    ),
  ).toBe(taken);
});
