import type { BlockList } from "node:net";
import type { DescMethod } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { Health } from "@countersign/gen/health/v1/health_pb.ts";
import {
  clientAddress,
  codeOfReason,
  DomainError,
  type Gate,
  peerKey,
  requestIdKey,
  UnknownService,
} from "@countersign/service-kit";
import type { RateLimiter } from "../shared-state/rate-limiter.ts";
import type { Directory, TenantAccess } from "../tenant/directory.ts";
import { pauseRefusal } from "../tenant/pauses.ts";
import { CallRates, type DefaultRates } from "./call-rates.ts";
import { type Caller, setCaller } from "./caller.ts";
import { isEndUserId, onBehalfOf } from "./callers.ts";
import { setCountMore } from "./counted-calls.ts";
import { type CredentialAccess, methodAccess, takesNothingOn } from "./method-access.ts";
import { invalidCredentials, type ProvenActor, RefusedCredentials } from "./refused-credentials.ts";
import { assertTenantOrigin } from "./tenant-origin.ts";

/** A call that the gate did not let in. */
export interface RefusedCall {
  /** Empty while nothing proves whose the call is. */
  readonly tenant: string;
  /** "key:ID", "user:ID" or "anonymous". */
  readonly actor: string;
  readonly reason: ErrorReason;
  /** The RPC's name. */
  readonly method: string;
  readonly address: string;
  readonly requestId: string;
}

export interface GateOptions {
  /** As from `createAuthenticator`. */
  readonly authenticate: (headers: Headers) => Promise<Caller>;
  readonly directory: Pick<Directory, "access" | "pauses">;
  readonly limiter: RateLimiter;
  readonly rates: DefaultRates;
  /** Whether the token of a call's address was taken before it came here. */
  readonly addressCounted?: boolean;
  /** As from `parseNetworks`. */
  readonly trustedProxies: BlockList;
  readonly onRefused: (call: RefusedCall) => void;
  /** Told of each call that a key let in. */
  readonly onKeyUsed: (keyId: string) => void;
}

const ANONYMOUS: ProvenActor = { tenant: "", actor: "anonymous" };

/**
 * Lets a call in when its address, credentials, tenant, scope, origin, pauses and rates all say so, in this order, and
 * notes its caller. Looks at headers only, so that who may not call costs no body. Public methods, attempts to sign in
 * and their beginnings, locks, and calls of none, are asked for their address's rates alone. Refusals carry Retry-After (seconds)
 * where waiting helps.
 *
 * @throws CREDENTIALS_*, TENANT_*, END_USER_NOT_ALLOWED, SCOPE_MISSING, APP_SESSION_MISSING, ORIGIN_NOT_ALLOWED, PAUSED,
 *   RATE_LIMITED;
 *   FIELD_INVALID for an X-End-User that can be nobody's id
 */
export function createGate(options: GateOptions): Gate {
  const { limiter, rates: defaults, addressCounted, trustedProxies, onKeyUsed, onRefused } = options;
  return async (context) => {
    const { requestHeader, responseHeader, values, method } = context;
    const address = clientAddress({
      peer: values.get(peerKey).address,
      forwardedFor: requestHeader.get("x-forwarded-for") ?? undefined,
      trustedProxies,
    });
    const rates = new CallRates(limiter, defaults, address, responseHeader);
    let who = ANONYMOUS;
    const admit = async () => {
      // Probes have tokens of their own: callers who share their address do not make the relay seem ill.
      if (context.service.typeName === Health.typeName) return await rates.forProbe();
      if (addressCounted !== true) await rates.forAddress();
      // What is served here is no secret: whoever mistypes a path learns that, and not that credentials are missing.
      if (context.service.typeName === UnknownService.typeName) return;
      const access = methodAccess(method);
      if (access === "public") return;
      if (access === "begin-sign-in") return await rates.forBeginning();
      if (access === "sign-in") return await rates.forSignIn();
      if (access === "lock" || access === "unlock") return await rates.forLock();
      const proven = await authenticated(options, requestHeader, rates);
      who = proven;
      const tenant = tenantOf(proven, options.directory, requestHeader);
      const caller = withEndUser(proven, requestHeader);
      assertMay(caller, access);
      assertTenantOrigin(tenant, requestHeader);
      assertNotPaused(options.directory, caller, method);
      await rates.forCaller(caller, method.name, tenant.limits);
      setCaller(values, caller);
      // A cache between us knows URLs, not credentials.
      responseHeader.set("Cache-Control", "no-store");
      if (caller.keyId !== null) onKeyUsed(caller.keyId);
      setCountMore(values, async (calls) => {
        rates.assertHolds(calls);
        await tellingRefusals(() => rates.forMore(calls));
      });
    };
    const tellingRefusals = async (ask: () => Promise<void>) => {
      try {
        await ask();
      } catch (error) {
        if (!(error instanceof DomainError)) throw error;
        if (error instanceof RefusedCredentials && error.whose !== undefined) who = error.whose;
        adviseCaller(error, responseHeader);
        const { tenant, actor } = who;
        const requestId = values.get(requestIdKey);
        onRefused({ tenant, actor, reason: error.reason, method: method.name, address, requestId });
        throw error;
      }
    };
    await tellingRefusals(admit);
  };
}

async function authenticated(
  { authenticate }: GateOptions,
  headers: Headers,
  rates: CallRates,
): Promise<Caller> {
  try {
    return await authenticate(headers);
  } catch (error) {
    if (isUnauthenticated(error)) await rates.forFailedCredentials();
    throw error;
  }
}

function tenantOf(caller: Caller, directory: GateOptions["directory"], headers: Headers): TenantAccess {
  const access = directory.access(caller.tenant);
  if (access === undefined) throw invalidCredentials();
  if (access.tenant.disabled) throw new DomainError(ErrorReason.TENANT_DISABLED, "the tenant is disabled");
  const named = headers.get("x-tenant");
  if (named !== null && named !== caller.tenant) {
    throw new DomainError(ErrorReason.TENANT_MISMATCH, "the credentials belong to another tenant");
  }
  return access;
}

/** Only trusted credentials speak for others; who has a name of its own may repeat it. */
function withEndUser(caller: Caller, headers: Headers): Caller {
  const endUser = headers.get("x-end-user");
  if (endUser === null || endUser === caller.endUser) return caller;
  if (caller.endUser !== null || !caller.scopes.has("end-users")) {
    throw new DomainError(ErrorReason.END_USER_NOT_ALLOWED, "the credentials may not name this end user");
  }
  if (!isEndUserId(endUser)) {
    throw new DomainError(
      ErrorReason.FIELD_INVALID,
      "X-End-User must be 1 to 128 printable ASCII characters without spaces",
    );
  }
  return onBehalfOf(caller, endUser);
}

function assertMay({ scopes, appSession }: Caller, access: CredentialAccess): void {
  if (access === "session" || access === "identities") {
    if (appSession !== null) return;
    throw new DomainError(ErrorReason.APP_SESSION_MISSING, "this is for users who have signed in here");
  }
  if (scopes.has(access)) return;
  throw new DomainError(ErrorReason.SCOPE_MISSING, `the credentials lack the scope "${access}"`);
}

function assertNotPaused({ pauses }: GateOptions["directory"], { tenant }: Caller, method: DescMethod): void {
  const refusal = pauseRefusal(pauses, { tenant, method: method.name, reads: takesNothingOn(method) });
  if (refusal === undefined) return;
  const { reason, message, retryAfterMs } = refusal;
  throw new DomainError(reason, message, retryAfterMs === undefined ? {} : { retryAfterMs });
}

function adviseCaller({ reason, retryAfterMs }: DomainError, headers: Headers): void {
  if (retryAfterMs !== undefined) headers.set("Retry-After", String(Math.ceil(retryAfterMs / 1000)));
  // HTTP asks for it with each 401 (RFC 9110, section 11.6.1).
  if (codeOfReason(reason) === Code.Unauthenticated) headers.set("WWW-Authenticate", "Bearer");
}

function isUnauthenticated(error: unknown): boolean {
  return error instanceof DomainError && codeOfReason(error.reason) === Code.Unauthenticated;
}
