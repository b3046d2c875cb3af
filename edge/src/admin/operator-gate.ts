import { createHash, timingSafeEqual } from "node:crypto";
import { createContextKey } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { CallRates, type DefaultRates } from "@countersign/server/access/call-rates.ts";
import type { RateLimiter } from "@countersign/server/shared-state/rate-limiter.ts";
import {
  clientAddress,
  DomainError,
  type Gate,
  parseNetworks,
  peerKey,
  type Secret,
} from "@countersign/service-kit";

/** The operator who makes a call. */
export const operatorKey = createContextKey("", { description: "operator" });

export interface OperatorGateOptions {
  readonly operators: readonly { readonly name: string; readonly secret: Secret<string> }[];
  readonly limiter: RateLimiter;
  readonly rates: DefaultRates;
  /** Told of every refusal. */
  readonly onRefused: (refusal: {
    readonly method: string;
    readonly address: string;
    readonly reason: ErrorReason;
  }) => void;
}

const NO_PROXIES = parseNetworks([]);

/**
 * Lets operators in by the secret in `Authorization: Bearer`. Throws CREDENTIALS_MISSING, CREDENTIALS_INVALID, and
 * RATE_LIMITED when an address calls, or fails, too often; good credentials count as failures of nobody.
 */
export function operatorGate({ operators, limiter, rates, onRefused }: OperatorGateOptions): Gate {
  const keys = operators.map(({ name, secret }) => ({ name, hash: sha256(secret.reveal()) }));
  /** Looks at all keys, so that the time tells nothing of which one it was. */
  function nameOf(presented: string): string | undefined {
    const hash = sha256(presented);
    let found: string | undefined;
    for (const key of keys) if (timingSafeEqual(key.hash, hash)) found = key.name;
    return found;
  }
  return async ({ requestHeader, responseHeader, values, method }) => {
    const { address: peer } = values.get(peerKey);
    const address = clientAddress({ peer, forwardedFor: undefined, trustedProxies: NO_PROXIES });
    const counted = new CallRates(limiter, rates, address, responseHeader);
    await counted.forAddress();
    const authorization = requestHeader.get("authorization");
    const operator = nameOf(/^Bearer +(\S+)$/i.exec(authorization ?? "")?.[1] ?? "");
    if (operator === undefined) {
      await counted.forFailedCredentials();
      const reason =
        authorization === null ? ErrorReason.CREDENTIALS_MISSING : ErrorReason.CREDENTIALS_INVALID;
      onRefused({ method: method.name, address, reason });
      responseHeader.set("WWW-Authenticate", "Bearer");
      throw new DomainError(reason, "this is for operators, with their secret in Authorization: Bearer");
    }
    values.set(operatorKey, operator);
    responseHeader.set("Cache-Control", "no-store");
  };
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
