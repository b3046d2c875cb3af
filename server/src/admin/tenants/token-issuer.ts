import type { TokenIssuer as TokenIssuerMessage } from "@countersign/gen/countersign/admin/v1/tenant_pb.ts";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import { isKeySetUrl, TOKEN_ALGORITHMS } from "../../access/token-keys.ts";
import { SCOPES, type Scope, type TokenIssuer } from "../../ledger/protection-types.ts";
import { keySetProblem } from "./key-set.ts";

/** A tenant's issuers from a request whose schema was checked. Throws TOKEN_ISSUER_INVALID; the message says where. */
export function tokenIssuers(messages: readonly TokenIssuerMessage[]): TokenIssuer[] {
  const issuers = messages.map((message, i) => {
    const problem = problemOf(message);
    if (problem !== undefined) throw invalid(`issuers[${i}] ${problem}`);
    const { issuer, audience, jwksUri, jwksJson, algorithms, clockSkewSeconds, subjectPrefix } = message;
    const scopes = message.scopes.filter(isScope);
    return { issuer, audience, jwksUri, jwksJson, algorithms, clockSkewSeconds, scopes, subjectPrefix };
  });
  const names = issuers.map(({ issuer, audience }) => JSON.stringify([issuer, audience]));
  if (new Set(names).size < names.length) throw invalid("issuers have the same issuer and audience");
  if (issuers.some((one) => issuers.some((other) => shareSubjects(one, other)))) {
    throw invalid("issuers must each have a subject_prefix of which no other one is the beginning");
  }
  return issuers;
}

/** Whether two issuers could name the same end user: either of them could then be another's user. */
function shareSubjects(one: TokenIssuer, other: TokenIssuer): boolean {
  return one.issuer !== other.issuer && one.subjectPrefix.startsWith(other.subjectPrefix);
}

/** The refusal of an issuer. */
export function invalid(message: string): DomainError {
  return new DomainError(ErrorReason.TOKEN_ISSUER_INVALID, message);
}

function problemOf({ jwksUri, jwksJson, algorithms, scopes }: TokenIssuerMessage): string | undefined {
  if ((jwksUri === "") === (jwksJson === "")) return "must have one of jwks_uri and jwks_json";
  if (!algorithms.every((name) => TOKEN_ALGORITHMS.has(name))) {
    return `algorithms must be among ${[...TOKEN_ALGORITHMS].join(", ")}`;
  }
  if (!scopes.every(isScope)) return `scopes must be among ${SCOPES.join(", ")}`;
  if (jwksUri === "") return keySetProblem(jwksJson);
  return isKeySetUrl(jwksUri)
    ? undefined
    : "jwks_uri must be https, or http on loopback, without credentials";
}

function isScope(text: string): text is Scope {
  return SCOPES.some((scope) => scope === text);
}
