import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";
import { ServerReflection } from "@countersign/gen/grpc/reflection/v1/reflection_pb.ts";
import { Health, HealthCheckResponse_ServingStatus } from "@countersign/gen/health/v1/health_pb.ts";
import { assertRoles } from "@countersign/server/admin/method-roles.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AdminWorld, ROLES, type Role, SECRETS, startAdmin } from "./admin-world.ts";
import { METHODS, methodNamed, reasonOf, roleInContract } from "./every-method.ts";

const GATE_REASONS = ["CREDENTIALS_MISSING", "CREDENTIALS_INVALID", "SCOPE_MISSING", "RATE_LIMITED"];

let world: AdminWorld;
beforeAll(async () => {
  world = await startAdmin();
});
afterAll(() => world.stop());

const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });

describe.each(METHODS.map((method) => ({ name: method.name, method })))("$name", ({ method }) => {
  test("is refused without credentials, and with wrong ones", async () => {
    const presented = [
      {},
      bearer("wrong"),
      { "x-api-key": `${SECRETS.admin}x` },
      { authorization: `Basic ${SECRETS.admin}` },
      { authorization: "Bearer" },
      { ...bearer(SECRETS.admin), "x-api-key": SECRETS.viewer },
    ];
    const reasons = await Promise.all(presented.map((headers) => reasonOf(world.url, method, headers)));
    expect(reasons).toEqual(["CREDENTIALS_MISSING", ...Array(5).fill("CREDENTIALS_INVALID")]);
  });

  test("needs the role that the contract names", async () => {
    const needed = ROLES.indexOf(roleInContract(method) as Role);
    expect(needed).not.toBe(-1);
    for (const [i, role] of ROLES.entries()) {
      const reason = await reasonOf(world.url, method, bearer(SECRETS[role]));
      if (i < needed) expect(reason, role).toBe("SCOPE_MISSING");
      else expect(GATE_REASONS, role).not.toContain(reason);
    }
  });
});

test("a key in X-API-Key lets in too, and twice the same key as well", async () => {
  const method = methodNamed("ListTenants");
  const both = { ...bearer(SECRETS.viewer), "x-api-key": SECRETS.viewer };
  expect(await reasonOf(world.url, method, { "x-api-key": SECRETS.viewer })).toBeUndefined();
  expect(await reasonOf(world.url, method, both)).toBeUndefined();
});

test("health answers everybody, reflection only operators", async () => {
  const transport = createGrpcTransport({ baseUrl: world.url });
  const { status } = await createClient(Health, transport).check({});
  expect(status).toBe(HealthCheckResponse_ServingStatus.SERVING);
  const reflection = ServerReflection.method.serverReflectionInfo;
  expect(await reasonOf(world.url, reflection, {})).toBe("CREDENTIALS_MISSING");
  expect(await reasonOf(world.url, reflection, bearer(SECRETS.viewer))).toBeUndefined();
});

test("a method that is not served here is METHOD_UNKNOWN to operators, whatever their role, and to nobody else", async () => {
  const { getRelayInfo } = RelayService.method;
  expect(await reasonOf(world.url, getRelayInfo, {})).toBe("CREDENTIALS_MISSING");
  expect(await reasonOf(world.url, getRelayInfo, bearer(SECRETS.viewer))).toBe("METHOD_UNKNOWN");
});

test("a method without a role keeps the port from being served", () => {
  expect(() => assertRoles([RelayService])).toThrow("countersign.relay.v1.RelayService/SubmitDelegate");
});

test("who is refused is told of, without the secret, until an address fails too often", async () => {
  const strict = await startAdmin({ failedRate: { perSecond: 0.001, burst: 2 } });
  try {
    const method = methodNamed("CreateTenant");
    const tries = [bearer("wrong-secret"), {}, bearer("wrong-secret")];
    const reasons = [];
    for (const headers of tries) reasons.push(await reasonOf(strict.url, method, headers));
    expect(reasons).toEqual(["CREDENTIALS_INVALID", "CREDENTIALS_MISSING", "RATE_LIMITED"]);
    expect(await reasonOf(strict.url, method, bearer(SECRETS.viewer))).toBe("SCOPE_MISSING");
    expect(strict.refusals).toEqual([
      {
        reason: ErrorReason.CREDENTIALS_INVALID,
        method: "CreateTenant",
        address: "127.0.0.1",
        admin: undefined,
      },
      {
        reason: ErrorReason.CREDENTIALS_MISSING,
        method: "CreateTenant",
        address: "127.0.0.1",
        admin: undefined,
      },
      { reason: ErrorReason.SCOPE_MISSING, method: "CreateTenant", address: "127.0.0.1", admin: "viewer" },
    ]);
    expect(JSON.stringify(strict.lines)).not.toContain("wrong-secret");
  } finally {
    await strict.stop();
  }
});
