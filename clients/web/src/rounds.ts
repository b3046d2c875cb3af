import type { DescMethodUnary } from "@bufbuild/protobuf";

/**
 * Services whose calls are rounds of a protocol. Their own code alone knows when one may be sent again: an answer is tied
 * to secrets that exist once. They are named and not imported, so that no page loads the contracts of both schemes.
 */
const ROUND_SERVICES: readonly string[] = [
  "countersign.threshold.v1.Ed25519SigningService",
  "countersign.threshold.v1.EcdsaSigningService",
];

/** Authorisations come before the rounds, and are asked for once anyway. */
const ROUND_NAMES = /^(Sign|Presign)/;

/** Whether a call is of a service with rounds: nobody repeats it who knows no more than its method. */
export function isOfRounds({ parent }: Pick<DescMethodUnary, "parent">): boolean {
  return ROUND_SERVICES.includes(parent.typeName);
}

/** Whether a call is a round. */
export function isRound({ parent, name }: Pick<DescMethodUnary, "parent" | "name">): boolean {
  return isOfRounds({ parent }) && ROUND_NAMES.test(name);
}
