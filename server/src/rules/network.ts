import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import type { Refusal } from "./rule.ts";

/** Refuses a request that names another network than this relay's: NEAR's bytes carry none. */
export function networkRefusal(own: string, named: string): Refusal | undefined {
  return named === own
    ? undefined
    : {
        reason: ErrorReason.NETWORK_MISMATCH,
        message: `this relay serves network "${own}", not the one named`,
      };
}

/** Refuses account names that end in a suffix of another network, for example ".testnet" on mainnet. */
export function foreignAccountRefusal(
  foreignSuffixes: readonly string[],
  own: string,
  accountIds: readonly string[],
): Refusal | undefined {
  const foreign = accountIds.find((id) =>
    foreignSuffixes.some((suffix) => id.endsWith(suffix) || id === suffix.slice(1)),
  );
  return foreign === undefined
    ? undefined
    : {
        reason: ErrorReason.ACCOUNT_NETWORK_MISMATCH,
        message: `account ${foreign} belongs to another network than "${own}"`,
      };
}
