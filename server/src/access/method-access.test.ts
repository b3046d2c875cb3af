import type { DescService } from "@bufbuild/protobuf";
import { TenantService } from "@countersign/gen/countersign/admin/v1/tenant_service_pb.ts";
import { LockService } from "@countersign/gen/countersign/lock/v1/lock_service_pb.ts";
import { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";
import { SessionService } from "@countersign/gen/countersign/session/v1/session_service_pb.ts";
import { ServerReflection } from "@countersign/gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as ServerReflectionAlpha } from "@countersign/gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { Health } from "@countersign/gen/health/v1/health_pb.ts";
import { expect, test } from "vitest";
import { assertAccessStated, isPausable, methodAccess, takesNothingOn } from "./method-access.ts";

const PUBLIC_PORT: DescService[] = [
  ...[RelayService, SessionService, LockService],
  ...[Health, ServerReflection, ServerReflectionAlpha],
];

test("every method of the public port says who may call it", () => {
  expect(() => assertAccessStated(PUBLIC_PORT)).not.toThrow();
});

test("these methods, and no others, are open to everybody", () => {
  const methods = PUBLIC_PORT.flatMap((service) => service.methods);
  const open = methods.filter((method) => methodAccess(method) === "public");
  expect(open.map(({ parent, name }) => `${parent.typeName}/${name}`)).toEqual([
    "countersign.relay.v1.RelayService/GetRelayInfo",
    "countersign.session.v1.SessionService/RefreshSession",
    "countersign.lock.v1.LockService/GetKeyInfo",
    "grpc.health.v1.Health/Check",
    "grpc.health.v1.Health/Watch",
    "grpc.health.v1.Health/List",
    "grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
  ]);
});

test("what begins and what finishes a sign-in is counted, and the rest of a session's methods need one", () => {
  const named = (access: string) =>
    SessionService.methods.filter((method) => methodAccess(method) === access).map(({ name }) => name);
  expect(named("begin-sign-in")).toEqual([
    ...["BeginPasskeyRegistration", "BeginPasskeySignIn", "BeginIdTokenSignIn"],
  ]);
  expect(named("sign-in")).toEqual([
    ...["FinishPasskeyRegistration", "FinishPasskeySignIn", "FinishIdTokenSignIn", "RedeemSignInCode"],
  ]);
  expect(named("session")).toEqual(["RevokeSession", "ListSessions", "GetUser"]);
  expect(named("identities")).toEqual(["UnlinkIdentity", "MergeUsers"]);
});

test("while nothing new is taken on, sessions are kept, seen and ended, and nobody signs in", () => {
  const goesOn = SessionService.methods.filter(takesNothingOn).map(({ name }) => name);
  expect(goesOn).toEqual(["RefreshSession", "RevokeSession", "ListSessions", "GetUser"]);
  expect(RelayService.methods.filter((method) => !takesNothingOn(method)).map(({ name }) => name)).toEqual([
    ...["SubmitDelegate", "SubmitDelegates", "CreateAccount"],
  ]);
});

test("what locks and opens is counted, and what opens goes on and cannot be paused", () => {
  const { getKeyInfo, applyServerLock, removeServerLock } = LockService.method;
  expect([applyServerLock, removeServerLock].map(methodAccess)).toEqual(["lock", "unlock"]);
  expect(LockService.methods.filter(takesNothingOn)).toEqual([getKeyInfo, removeServerLock]);
  expect(LockService.methods.filter(isPausable)).toEqual([applyServerLock]);
});

test("what spends money needs a scope of its own", () => {
  expect(methodAccess(RelayService.method.submitDelegate)).toBe("submit");
  expect(methodAccess(RelayService.method.submitDelegates)).toBe("submit");
  expect(methodAccess(RelayService.method.createAccount)).toBe("accounts");
});

test("a service whose methods are not listed stops the start, with their names", () => {
  expect(() => assertAccessStated([RelayService, TenantService])).toThrow(
    "countersign.admin.v1.TenantService/CreateTenant, countersign.admin.v1.TenantService/GetTenant",
  );
  expect(() => methodAccess(TenantService.method.createTenant)).toThrow("nothing says who may call");
});
