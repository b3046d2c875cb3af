import { createHash, timingSafeEqual } from "node:crypto";
import type { HandlerContext } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { Health } from "@countersign/gen/health/v1/health_pb.ts";
import {
  addressBucket,
  DomainError,
  type Gate,
  type Peer,
  peerKey,
  UnknownService,
} from "@countersign/service-kit";
import type { AdminConfig } from "../config/config.ts";
import type { Rate, RateLimiter } from "../shared-state/rate-limiter.ts";
import { type Admin, setAdmin } from "./admin-caller.ts";
import { includesRole, roleFor } from "./method-roles.ts";

/** A call that was not let in, for the audit log. */
export interface AdminRefusal {
  readonly reason: ErrorReason;
  /** For example "CreateTenant". */
  readonly method: string;
  /** Undefined on a Unix socket. */
  readonly address: string | undefined;
  /** Who it was, if the credentials were good. */
  readonly admin: string | undefined;
}

export interface AdminAccessOptions {
  readonly operators: Pick<AdminConfig, "keys" | "clients">;
  /** Counts the calls with bad credentials, for each address. */
  readonly limiter: RateLimiter;
  readonly failedRate: Rate;
  /** Told of every refusal, save those for too many of them. */
  readonly onRefused: (refusal: AdminRefusal) => void;
}

/**
 * Lets operators in: by the secret in `Authorization: Bearer` or `X-API-Key`, else by the common name of the client
 * certificate. Throws CREDENTIALS_MISSING, CREDENTIALS_INVALID, SCOPE_MISSING when the role is too small, and
 * RATE_LIMITED when an address fails too often; good credentials of the same address still get in, so that nobody can
 * lock operators out.
 */
export function adminGate({ operators, limiter, failedRate, onRefused }: AdminAccessOptions): Gate {
  const keys = operators.keys.map(({ name, role, secret }) => ({
    admin: { name, role },
    hash: sha256(secret.reveal()),
  }));
  const clients = new Map(operators.clients.map((client) => [client.name, client]));

  /** Looks at all keys, so that the time tells nothing of which one it was. */
  function byKey(presented: string): Admin | undefined {
    const hash = sha256(presented);
    let found: Admin | undefined;
    for (const key of keys) if (timingSafeEqual(key.hash, hash)) found = key.admin;
    return found;
  }

  function identify(headers: Headers, peer: Peer): Admin | Failure {
    const presented = presentedKeys(headers);
    const [key] = presented;
    if (new Set(presented).size > 1) return INVALID;
    if (key !== undefined) return byKey(key) ?? INVALID;
    if (peer.certificateName === undefined) return MISSING;
    return clients.get(peer.certificateName) ?? (keys.length > 0 ? MISSING : INVALID);
  }

  return async (call: HandlerContext) => {
    // Whoever restarts a relay that is not healthy has no admin key.
    if (call.service.typeName === Health.typeName) return;
    const peer = call.values.get(peerKey);
    const refusal = { method: call.method.name, address: peer.address };
    const found = identify(call.requestHeader, peer);
    if ("reason" in found) {
      const bucket = { name: "failed-auth", key: addressBucket(peer.address ?? "unix"), rate: failedRate };
      const tooMany = (await limiter.take([bucket])).refusal;
      if (tooMany !== undefined) {
        const { retryAfterMs } = tooMany;
        throw new DomainError(ErrorReason.RATE_LIMITED, "too many failed attempts", { retryAfterMs });
      }
      onRefused({ ...refusal, reason: found.reason, admin: undefined });
      throw new DomainError(found.reason, found.message);
    }
    // No role is needed to learn that there is nothing.
    if (call.service.typeName === UnknownService.typeName) return;
    const needed = roleFor(call.method);
    if (needed === undefined || !includesRole(found.role, needed)) {
      onRefused({ ...refusal, reason: ErrorReason.SCOPE_MISSING, admin: found.name });
      const message = `${call.method.name} needs role ${needed ?? "(none has it)"}, not ${found.role}`;
      throw new DomainError(ErrorReason.SCOPE_MISSING, message);
    }
    setAdmin(call.values, found);
  };
}

interface Failure {
  readonly reason: ErrorReason;
  readonly message: string;
}

const MISSING: Failure = {
  reason: ErrorReason.CREDENTIALS_MISSING,
  message: "needs an admin key in Authorization: Bearer or X-API-Key",
};
const INVALID: Failure = {
  reason: ErrorReason.CREDENTIALS_INVALID,
  message: "the credentials are not an operator's",
};

function presentedKeys(headers: Headers): string[] {
  const authorization = headers.get("authorization");
  const apiKey = headers.get("x-api-key");
  // Another scheme is a credential that is not taken, not an absent one.
  const bearer = authorization === null ? undefined : (/^Bearer +(\S+)$/i.exec(authorization)?.[1] ?? "");
  return [bearer, apiKey].filter((text) => typeof text === "string");
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
