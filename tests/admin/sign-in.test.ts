import { createHash } from "node:crypto";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import type {
  IdentityProviderSchema,
  RelyingPartySchema,
  SignInSchema,
} from "@countersign/gen/countersign/admin/v1/tenant_pb.ts";
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

type SignIn = MessageInitShape<typeof SignInSchema>;

let tenants = 0;
/** A fresh tenant with these settings; a party's id is made its own, so that tenants do not meet. */
async function set(signIn: SignIn, tenant = `tenant-${++tenants}`) {
  await client.createTenant({ tenant });
  return client.updateTenant({ tenant, expectedVersion: 1n, signIn });
}

function party(changes: MessageInitShape<typeof RelyingPartySchema> = {}) {
  const id = `t${tenants + 1}.wallet.example`;
  return { id, name: "Wallet", origins: [`https://${id}`], ...changes };
}

function provider(changes: MessageInitShape<typeof IdentityProviderSchema> = {}) {
  return { id: "acme", issuer: "https://login.acme.example", clientId: "wallet", ...changes };
}

test("settings are stored whole, known at once, given back, repeated, and taken away again", async () => {
  const signIn = {
    relyingParties: [
      party({ id: "wallet.example", origins: ["https://wallet.example", "https://other.example:8443"] }),
      party({ id: "localhost", origins: ["http://localhost:5173"], userVerificationOptional: true }),
    ],
    providers: [provider({ clientSecretName: "acme" }), provider({ id: "google", issuer: "" })],
    scopes: ["submit", "threshold"],
  };
  const { tenant } = await set(signIn, "acme");
  expect(tenant?.signIn).toMatchObject(signIn);
  expect(world.directory.signIn("acme")).toMatchObject(signIn);
  expect(world.directory.allOrigins()).toContain("https://other.example:8443");
  const again = await client.updateTenant({ tenant: "acme", expectedVersion: 1n, signIn });
  expect(again.tenant).toEqual(tenant);
  expect((await client.getTenant({ tenant: "acme" })).tenant).toEqual(tenant);
  const renamed = await client.updateTenant({ tenant: "acme", expectedVersion: 2n, displayName: "New" });
  expect(renamed.tenant?.signIn).toMatchObject(signIn);

  const removed = await client.updateTenant({ tenant: "acme", expectedVersion: 3n, signIn: {} });
  expect(removed.tenant?.signIn).toBeUndefined();
  expect(world.directory.signIn("acme")).toBeUndefined();
  expect(world.directory.allOrigins().size).toBe(0);

  const details = (await world.audited("acme")).slice(1).map(({ detail }) => JSON.parse(detail));
  const none = createHash("sha256").update("null").digest("hex");
  expect(details).toEqual([
    {
      version: "2",
      relying_parties: "wallet.example, localhost",
      wallet_origins: "https://wallet.example, https://other.example:8443, http://localhost:5173",
      identity_providers: "acme wallet, google wallet",
      sign_in_scopes: "submit,threshold",
      sign_in_sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    },
    { version: "3", display_name: "New" },
    {
      version: "4",
      relying_parties: "",
      wallet_origins: "",
      identity_providers: "",
      sign_in_scopes: "",
      sign_in_sha256: none,
    },
  ]);
});

test.each([
  ["https://wallet.id.example"],
  ["https://id.example:8443"],
  ["https://deep.sub.id.example"],
  ["https://related.example"],
])("a wallet may live at %s", async (origin) => {
  const id = `id${tenants}.example`;
  const origins = [origin.replace("id.example", id)];
  expect((await set({ relyingParties: [party({ id, origins })] })).tenant?.signIn).toBeDefined();
});

test.each([
  ["localhost", "http://localhost"],
  ["localhost", "http://app.localhost:3000"],
  ["app.localhost", "http://app.localhost:3000"],
])("relying party %s of this machine takes %s without TLS", async (id, origin) => {
  const tenant = `local-${++tenants}`;
  const { tenant: made } = await set({ relyingParties: [party({ id, origins: [origin] })] }, tenant);
  expect(made?.signIn).toBeDefined();
  await client.updateTenant({ tenant, expectedVersion: 2n, signIn: {} });
});

test.each([
  "com",
  "Wallet.example",
  "wallet.example.",
  ".wallet.example",
  "wallet..example",
  "-wallet.example",
  "wallet_1.example",
  "wallet.example:443",
  "https://wallet.example",
  "192.0.2.1",
  "0x7f.1",
  "[::1]",
  "1.2",
  "*.wallet.example",
  "wållet.example",
  `${"a".repeat(64)}.example`,
])("%s is no relying party's id", async (id) => {
  const { reason, message } = await refusalOf(set({ relyingParties: [party({ id })] }));
  expect({ reason, message }).toEqual({
    reason: "SIGN_IN_INVALID",
    message: expect.stringContaining("relying_parties[0] id"),
  });
});

test.each([
  "http://t.wallet.example",
  "http://localhost",
  "http://localhost:3000",
  "https://192.0.2.1",
  "https://[::1]",
  "http://127.0.0.1:3000",
  "https://wallet.example/",
  "https://wallet.example/path",
  "https://Wallet.example",
  "https://wallet.example:443",
  "https://me:hunter2@wallet.example",
  "https://*.wallet.example",
  "wallet.example",
  "chrome-extension://abcdefgh",
  "null",
  "*",
  "",
])("%s is no wallet's origin", async (origin) => {
  const origins = ["https://good.example", origin];
  const { reason, message } = await refusalOf(set({ relyingParties: [party({ origins })] }));
  expect(reason).toBe("SIGN_IN_INVALID");
  expect(message).toContain("relying_parties[0] origins[1]");
  expect(message).not.toContain("hunter2");
});

test.each<[string, MessageInitShape<typeof IdentityProviderSchema>]>([
  ["over http", { issuer: "http://login.acme.example" }],
  ["with credentials", { issuer: "https://me:hunter2@login.acme.example" }],
  ["with a query", { issuer: "https://login.acme.example/?tenant=1" }],
  ["with an empty query", { issuer: "https://login.acme.example/?" }],
  ["with a fragment", { issuer: "https://login.acme.example/#x" }],
  ["that is no URL", { issuer: "login.acme.example" }],
  ["of none but google", { issuer: "" }],
  ["of google, which the relay knows", { id: "google", issuer: "https://accounts.google.com" }],
])("a provider's issuer %s is refused", async (_, changes) => {
  const { reason, message } = await refusalOf(set({ providers: [provider(), provider(changes)] }));
  expect(reason).toBe("SIGN_IN_INVALID");
  expect(message).toContain("providers[1] issuer");
  expect(message).not.toContain("hunter2");
});

test.each(["http://127.0.0.1:8080", "http://localhost:8080/realm", "https://login.acme.example/"])(
  "a provider may be at %s",
  async (issuer) => {
    expect((await set({ providers: [provider({ issuer })] })).tenant?.signIn?.providers).toHaveLength(1);
  },
);

test.each<[string, () => SignIn]>([
  ["two relying parties of one id", () => ({ relyingParties: [party(), party()] })],
  ["two providers of one id", () => ({ providers: [provider(), provider({ clientId: "other" })] })],
  ["a scope that there is not", () => ({ relyingParties: [party()], scopes: ["everything"] })],
  ["the scope to name other users", () => ({ relyingParties: [party()], scopes: ["end-users"] })],
  ["scopes and no way to sign in", () => ({ scopes: ["submit"] })],
])("%s are refused", async (_, signIn) => {
  expect(await reasonFor(set(signIn()))).toBe("SIGN_IN_INVALID");
});

test("a relying party is one tenant's, until that gives it up", async () => {
  const shared = { relyingParties: [party({ id: "shared.example" })] };
  await set(shared, "first");
  expect(await refusalOf(set(shared, "second"))).toMatchObject({
    reason: "SIGN_IN_INVALID",
    message: "another tenant has a relying party of the same id",
  });
  expect(world.directory.signIn("second")).toBeUndefined();
  await client.updateTenant({ tenant: "first", expectedVersion: 2n, signIn: {} });
  await client.updateTenant({ tenant: "second", expectedVersion: 1n, signIn: shared });
  expect(world.directory.relyingParty("shared.example")).toBeDefined();
});

test("only admins change sign-in", async () => {
  await client.createTenant({ tenant: "guarded" });
  const change = { tenant: "guarded", expectedVersion: 1n, signIn: { relyingParties: [party()] } };
  expect(await reasonFor(world.client(TenantService, "operator").updateTenant(change))).toBe("SCOPE_MISSING");
});
