import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { isValidAccountId } from "@countersign/near";
import { DomainError } from "@countersign/service-kit";

/** Top-level names of one of NEAR's networks, by the network that they are not on. */
const FOREIGN: ReadonlyMap<string, string> = new Map([
  ["mainnet", "testnet"],
  ["testnet", "near"],
]);

/** Throws ACCOUNT_NAME_INVALID, and ACCOUNT_NETWORK_MISMATCH for "alice.testnet" on mainnet and "alice.near" on testnet. */
export function assertAccountOf(network: string, accountId: string): void {
  if (!isValidAccountId(accountId)) {
    throw new DomainError(ErrorReason.ACCOUNT_NAME_INVALID, "the account's name is none that NEAR has");
  }
  const foreign = FOREIGN.get(network);
  if (foreign !== undefined && accountId.split(".").at(-1) === foreign) {
    throw new DomainError(
      ErrorReason.ACCOUNT_NETWORK_MISMATCH,
      `accounts of "${foreign}" are not on ${network}`,
    );
  }
}
