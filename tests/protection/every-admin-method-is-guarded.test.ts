import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { ApiKeyService } from "@countersign/gen/countersign/admin/v1/api_key_service_pb.ts";
import { AuditService } from "@countersign/gen/countersign/admin/v1/audit_service_pb.ts";
import { KeyPoolService } from "@countersign/gen/countersign/admin/v1/key_pool_service_pb.ts";
import { LimitsService } from "@countersign/gen/countersign/admin/v1/limits_service_pb.ts";
import { PauseService } from "@countersign/gen/countersign/admin/v1/pause_service_pb.ts";
import { PolicyService } from "@countersign/gen/countersign/admin/v1/policy_service_pb.ts";
import { TenantService } from "@countersign/gen/countersign/admin/v1/tenant_service_pb.ts";
import { WebhookService } from "@countersign/gen/countersign/admin/v1/webhook_service_pb.ts";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { ServerReflection } from "@countersign/gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as ServerReflectionAlpha } from "@countersign/gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { Health } from "@countersign/gen/health/v1/health_pb.ts";
import { reasonName } from "@countersign/service-kit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestRelay, type TestRelay, withHeaders } from "../support/test-relay.ts";
import { AUTH, TEST_API_KEY } from "../support/test-tenant.ts";
import { contentType, fullName, PROTOCOLS, reasonOf } from "./support/call-any.ts";
import { endlessCall, endlessCallOverHttp1 } from "./support/endless-call.ts";
import { strangersToken } from "./support/tokens.ts";

const ADMIN_SERVICES: readonly DescService[] = [
  TenantService,
  ApiKeyService,
  PolicyService,
  LimitsService,
  PauseService,
  WebhookService,
  KeyPoolService,
  AuditService,
];
const REFLECTION: readonly DescService[] = [ServerReflection, ServerReflectionAlpha];

const ROLES = ["viewer", "operator", "admin"] as const;
type Role = (typeof ROLES)[number];

/** What more than a viewer may do; a viewer may do all else. */
const NEEDED: Readonly<Record<string, Role>> = {
  "countersign.admin.v1.TenantService/CreateTenant": "admin",
  "countersign.admin.v1.TenantService/UpdateTenant": "admin",
  "countersign.admin.v1.ApiKeyService/CreateApiKey": "admin",
  "countersign.admin.v1.ApiKeyService/RotateApiKey": "admin",
  "countersign.admin.v1.ApiKeyService/RevokeApiKey": "operator",
  "countersign.admin.v1.PolicyService/SetPolicy": "admin",
  "countersign.admin.v1.LimitsService/SetLimits": "admin",
  "countersign.admin.v1.PauseService/Pause": "operator",
  "countersign.admin.v1.PauseService/Resume": "operator",
  "countersign.admin.v1.WebhookService/CreateWebhook": "operator",
  "countersign.admin.v1.WebhookService/UpdateWebhook": "operator",
  "countersign.admin.v1.WebhookService/RotateWebhookSecret": "operator",
  "countersign.admin.v1.WebhookService/DeleteWebhook": "operator",
  "countersign.admin.v1.WebhookService/RedriveDeliveries": "operator",
  "countersign.admin.v1.WebhookService/TestWebhook": "operator",
  "countersign.admin.v1.KeyPoolService/StartKeyOperation": "operator",
  "countersign.admin.v1.KeyPoolService/CancelKeyOperation": "operator",
};

const METHODS = ADMIN_SERVICES.flatMap(({ methods }) => methods);
const named = (methods: readonly DescMethod[]) =>
  methods.map((method) => [fullName(method), method] as const);

type Headers = Readonly<Record<string, string>>;
const secretOf = (role: Role) => `${role}-${"0123456789abcdef".repeat(3)}`;
const withRole = (role: Role): Headers => ({ authorization: `Bearer ${secretOf(role)}` });

const ATTACKS: readonly [what: string, reason: ErrorReason, headers: () => Headers | Promise<Headers>][] = [
  ["no credentials", ErrorReason.CREDENTIALS_MISSING, () => ({})],
  [
    "a secret that is cut short",
    ErrorReason.CREDENTIALS_INVALID,
    () => ({ authorization: `Bearer ${secretOf("admin").slice(0, -1)}` }),
  ],
  [
    "a secret with a letter too many",
    ErrorReason.CREDENTIALS_INVALID,
    () => ({ "x-api-key": `${secretOf("admin")}0` }),
  ],
  ["an empty bearer", ErrorReason.CREDENTIALS_INVALID, () => ({ authorization: "Bearer" })],
  [
    "another scheme",
    ErrorReason.CREDENTIALS_INVALID,
    () => ({ authorization: `Basic ${Buffer.from(`admin:${secretOf("admin")}`).toString("base64")}` }),
  ],
  ["the name of a role", ErrorReason.CREDENTIALS_INVALID, () => ({ authorization: "Bearer admin" })],
  ["a tenant's key", ErrorReason.CREDENTIALS_INVALID, () => AUTH],
  ["a tenant's key, in X-API-Key", ErrorReason.CREDENTIALS_INVALID, () => ({ "x-api-key": TEST_API_KEY })],
  [
    "a token",
    ErrorReason.CREDENTIALS_INVALID,
    async () => ({ authorization: `Bearer ${await strangersToken("https://issuer.example")}` }),
  ],
  [
    "two secrets",
    ErrorReason.CREDENTIALS_INVALID,
    () => ({ ...withRole("admin"), "x-api-key": secretOf("viewer") }),
  ],
];

let folder: string;
let relay: TestRelay;
let address: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "admin-"));
  const keys = await Promise.all(
    ROLES.map(async (role) => {
      const path = join(folder, role);
      await writeFile(path, secretOf(role), { mode: 0o600 });
      return { name: `the-${role}`, role, secret: `file:${path}` };
    }),
  );
  const admin = JSON.stringify({ listen: { host: "127.0.0.1", port: 0 }, keys });
  relay = await startTestRelay({ settings: { admin } });
  address = relay.app.adminAddress ?? expect.fail("no admin port");
});
afterAll(async () => {
  await relay.stop();
  await rm(folder, { recursive: true, force: true });
});

it("the port serves what this test knows, and nothing else", async () => {
  const interceptors = [withHeaders(withRole("viewer"))];
  const client = createClient(ServerReflection, createGrpcTransport({ baseUrl: address, interceptors }));
  async function* question() {
    yield { messageRequest: { case: "listServices", value: "" } as const };
  }
  const served: string[] = [];
  for await (const { messageResponse } of client.serverReflectionInfo(question())) {
    if (messageResponse.case !== "listServicesResponse") expect.fail("no list of services");
    served.push(...messageResponse.value.service.map(({ name }) => name));
  }
  expect(served.sort()).toEqual(
    [...ADMIN_SERVICES, ...REFLECTION, Health].map(({ typeName }) => typeName).sort(),
  );
});

it("every method that needs more than a viewer exists", () => {
  expect(Object.keys(NEEDED).filter((name) => !METHODS.some((method) => fullName(method) === name))).toEqual(
    [],
  );
});

describe.each(named(METHODS))("%s", (name, method) => {
  const needed = NEEDED[name] ?? "viewer";
  const includes = (role: Role) => ROLES.indexOf(role) >= ROLES.indexOf(needed);

  describe.each(PROTOCOLS)("over %s", (protocol) => {
    it.each(ATTACKS)("with %s is refused", async (_what, reason, headers) => {
      expect(await reasonOf(address, protocol, method, await headers())).toBe(reasonName(reason));
    });

    it.each(ROLES)(`is for role ${needed} and above, as %s learns`, async (role) => {
      const reason = await reasonOf(address, protocol, method, withRole(role));
      // An empty message breaks a rule of most methods, which nobody learns before being let in.
      if (includes(role)) expect(reason).toMatch(/^(FIELD_INVALID)?$/);
      else expect(reason).toBe("SCOPE_MISSING");
    });

    it("is refused before its body has arrived", async () => {
      const headers = { "content-type": contentType(protocol, method) };
      const path = `/${name}`;
      expect(await endlessCall(address, path, headers)).toContain("CREDENTIALS_MISSING");
      if (protocol === "gRPC") return;
      expect(await endlessCallOverHttp1(address, path, headers)).toContain("CREDENTIALS_MISSING");
    });
  });
});

it.each(named(REFLECTION.flatMap(({ methods }) => methods)))(
  "%s is for those who may look, and for nobody else",
  async (_, method) => {
    expect(await reasonOf(address, "gRPC", method, {})).toBe("CREDENTIALS_MISSING");
    expect(await reasonOf(address, "gRPC", method, AUTH)).toBe("CREDENTIALS_INVALID");
    expect(await reasonOf(address, "gRPC", method, withRole("viewer"))).toBe("");
  },
);

it.each(named(Health.methods))("%s answers everybody", async (_, method) => {
  for (const protocol of PROTOCOLS) expect(await reasonOf(address, protocol, method, {})).toBe("");
});

it.each(named(METHODS))("%s is not served on the public port", async (_, method) => {
  for (const protocol of PROTOCOLS) {
    expect(await reasonOf(relay.app.address, protocol, method, withRole("admin"))).toBe("METHOD_UNKNOWN");
  }
});
