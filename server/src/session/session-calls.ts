import type { Interceptor } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { SessionService } from "@countersign/gen/countersign/session/v1/session_service_pb.ts";
import { DomainError } from "@countersign/service-kit";
import { pageOf } from "../access/app-cookies.ts";
import { type Caller, callerIfAny } from "../access/caller.ts";
import { takesNothingOn } from "../access/method-access.ts";
import { refused } from "../rules/refused.ts";
import type { Refusal } from "../rules/rule.ts";
import type { Rate, RateLimiter } from "../shared-state/rate-limiter.ts";
import { pauseRefusal } from "../tenant/pauses.ts";
import type { SignInDirectory } from "./relying-party.ts";

export interface SessionCallsOptions {
  readonly directory: Pick<SignInDirectory, "tenant" | "pauses">;
  readonly limiter: RateLimiter;
  /** Sign-ins that are begun at one tenant. */
  readonly tenantRate: Rate;
  /** Whether tokens travel in cookies. */
  readonly cookies: boolean;
  /** Whether the caller's session has ended since it was let in. */
  readonly withdrawal: (caller: Caller) => Refusal | undefined;
}

/**
 * What calls of SessionService need besides their handlers: in cookie mode, that a page of ours makes them, also those that
 * only set cookies (a stranger's page could sign its visitor in as somebody else); that the caller's session has not ended
 * while the body came; that no operator has paused them, before anything is used up; and the rate of the tenant that they
 * name. Throws CREDENTIALS_MISSING, CREDENTIALS_REVOKED, PAUSED, RATE_LIMITED.
 */
export function sessionCalls(options: SessionCallsOptions): Interceptor {
  const { directory, limiter, tenantRate, cookies, withdrawal } = options;
  return (next) => async (request) => {
    if (request.service.typeName !== SessionService.typeName || request.stream) return next(request);
    if (cookies) pageOf(request.header);
    const caller = callerIfAny(request.contextValues);
    const refusal = caller && withdrawal(caller);
    if (refusal !== undefined) throw refused(refusal);
    const { tenant: named } = request.message as { tenant?: unknown };
    const tenant = typeof named === "string" ? named : undefined;
    const paused = pauseRefusal(directory.pauses, {
      tenant: caller?.tenant ?? tenant ?? "",
      method: request.method.name,
      reads: takesNothingOn(request.method),
    });
    if (paused !== undefined) throw refused(paused);
    if (tenant !== undefined && directory.tenant(tenant) !== undefined) {
      const taken = await limiter.take([{ name: "sign-in-tenant", key: tenant, rate: tenantRate }]);
      if (taken.refusal !== undefined) {
        const { name, retryAfterMs } = taken.refusal;
        throw new DomainError(ErrorReason.RATE_LIMITED, `too many calls (${name})`, { retryAfterMs });
      }
    }
    const response = await next(request);
    // Answers hold tokens (RFC 6749, section 5.1).
    response.header.set("Cache-Control", "no-store");
    return response;
  };
}
