import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import type { Scope } from "../ledger/protection-types.ts";

/** A session of a user's whatever it may do, to see and end sessions or to change how the user signs in; or a scope. */
export type CredentialAccess = "session" | "identities" | Scope;

/**
 * Open to everybody; the beginning of a sign-in, an attempt to, or a lock that is put on or taken off, which are open too
 * but counted more strictly; or what a method needs.
 */
export type MethodAccess = "public" | "begin-sign-in" | "sign-in" | "lock" | "unlock" | CredentialAccess;

/** Every method of the public port. A method that does not stand here is served to nobody. */
const METHODS: Readonly<Record<string, MethodAccess>> = {
  "grpc.health.v1.Health/Check": "public",
  "grpc.health.v1.Health/List": "public",
  "grpc.health.v1.Health/Watch": "public",
  "grpc.reflection.v1.ServerReflection/ServerReflectionInfo": "public",
  "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": "public",
  "countersign.relay.v1.RelayService/GetRelayInfo": "public",
  "countersign.relay.v1.RelayService/SubmitDelegate": "submit",
  "countersign.relay.v1.RelayService/SubmitDelegates": "submit",
  "countersign.relay.v1.RelayService/CreateAccount": "accounts",
  "countersign.relay.v1.RelayService/GetSubmission": "read",
  "countersign.relay.v1.RelayService/WatchSubmission": "read",
  "countersign.relay.v1.RelayService/GetTransaction": "read",
  "countersign.relay.v1.RelayService/CheckDelegate": "read",
  "countersign.relay.v1.RelayService/ListSubmissions": "list",
  "countersign.threshold.v1.ThresholdKeyService/BeginKey": "threshold",
  "countersign.threshold.v1.ThresholdKeyService/FinishKey": "threshold",
  "countersign.threshold.v1.ThresholdKeyService/GetKey": "threshold",
  "countersign.threshold.v1.ThresholdKeyService/ListKeys": "threshold",
  "countersign.threshold.v1.ThresholdKeyService/CreateNonce": "threshold",
  "countersign.threshold.v1.ThresholdKeyService/MintSession": "threshold",
  "countersign.threshold.v1.ThresholdKeyService/EndSession": "threshold",
  "countersign.threshold.v1.ThresholdKeyService/ExportShare": "threshold",
  "countersign.threshold.v1.EcdsaSigningService/AuthorizeEcdsa": "threshold",
  "countersign.threshold.v1.EcdsaSigningService/PresignInit": "threshold",
  "countersign.threshold.v1.EcdsaSigningService/PresignStep": "threshold",
  "countersign.threshold.v1.EcdsaSigningService/SignEcdsaInit": "threshold",
  "countersign.threshold.v1.EcdsaSigningService/SignEcdsaFinalize": "threshold",
  "countersign.threshold.v1.EcdsaSigningService/GetPresignaturePool": "threshold",
  "countersign.threshold.v1.Ed25519SigningService/Authorize": "threshold",
  "countersign.threshold.v1.Ed25519SigningService/SignInit": "threshold",
  "countersign.threshold.v1.Ed25519SigningService/SignFinalize": "threshold",
  "countersign.session.v1.SessionService/BeginPasskeyRegistration": "begin-sign-in",
  "countersign.session.v1.SessionService/FinishPasskeyRegistration": "sign-in",
  "countersign.session.v1.SessionService/BeginPasskeySignIn": "begin-sign-in",
  "countersign.session.v1.SessionService/FinishPasskeySignIn": "sign-in",
  "countersign.session.v1.SessionService/BeginIdTokenSignIn": "begin-sign-in",
  "countersign.session.v1.SessionService/FinishIdTokenSignIn": "sign-in",
  "countersign.session.v1.SessionService/RedeemSignInCode": "sign-in",
  "countersign.session.v1.SessionService/RefreshSession": "public",
  "countersign.session.v1.SessionService/RevokeSession": "session",
  "countersign.session.v1.SessionService/ListSessions": "session",
  "countersign.session.v1.SessionService/GetUser": "session",
  "countersign.session.v1.SessionService/UnlinkIdentity": "identities",
  "countersign.session.v1.SessionService/MergeUsers": "identities",
  "countersign.lock.v1.LockService/GetKeyInfo": "public",
  "countersign.lock.v1.LockService/ApplyServerLock": "lock",
  "countersign.lock.v1.LockService/RemoveServerLock": "unlock",
};

/** What a call of the method needs. Throws for a method that does not stand in the table: nobody may call it. */
export function methodAccess(method: DescMethod): MethodAccess {
  const name = fullName(method);
  const access = Object.hasOwn(METHODS, name) ? METHODS[name] : undefined;
  if (access === undefined) throw new Error(`nothing says who may call ${name}`);
  return access;
}

/**
 * Whether calls of the method take nothing on: what was accepted can be followed, sessions be seen, kept and ended, and
 * wallets be opened, while the relay or the tenant is paused.
 */
export function takesNothingOn(method: DescMethod): boolean {
  const access = methodAccess(method);
  const isRead = method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS;
  return isRead || access === "public" || access === "session" || access === "unlock";
}

/** Whether operators may pause the method: what is open to everybody, and what opens wallets, goes on. */
export function isPausable(method: DescMethod): boolean {
  const access = methodAccess(method);
  return access !== "public" && access !== "unlock";
}

/** Throws, with all their names, when some methods of these services do not stand in the table. */
export function assertAccessStated(services: readonly DescService[]): void {
  const missing = services
    .flatMap(({ methods }) => methods.map(fullName))
    .filter((name) => !Object.hasOwn(METHODS, name));
  if (missing.length > 0) throw new Error(`nothing says who may call ${missing.join(", ")}`);
}

function fullName(method: DescMethod): string {
  return `${method.parent.typeName}/${method.name}`;
}
