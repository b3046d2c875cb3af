import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import type { EvmWish } from "../evm-policy/evm-wish.ts";
import type { ECDSA_SCHEME, ED25519_SCHEME } from "../schemes/scheme-ids.ts";

/** What a key for NEAR may be asked to sign, by the names of the contract. */
export const NEAR_PURPOSES = ["NEAR_TRANSACTION", "NEAR_DELEGATE", "NEP413_MESSAGE"] as const;
/** What a key for EVM chains may be asked to sign, by the names of the contract. */
export const EVM_PURPOSES = [
  "EVM_TRANSACTION",
  "EVM_MESSAGE",
  "EVM_TYPED_DATA",
  "EVM_AUTHORIZATION",
  "RAW_DIGEST",
] as const;
export const PURPOSES = [...NEAR_PURPOSES, ...EVM_PURPOSES] as const;
export type Purpose = (typeof PURPOSES)[number];

/** The account and the key that something says it is signed by. */
export interface NamedSigner {
  readonly accountId: string;
  /** For example "ed25519:G4jVBejLprjNapGGvf9jz6DMP2G6Md7FXSBXdhANRxXd". */
  readonly publicKey: string;
}

/** What a payload for a key for NEAR asks for, read from its content alone. */
export interface NearIntent {
  readonly schemeId: typeof ED25519_SCHEME;
  readonly purpose: (typeof NEAR_PURPOSES)[number];
  /** The 32 bytes of each signature, in the payload's order. */
  readonly digests: readonly Uint8Array[];
  /** Whom the payload names, once for each time that it does. */
  readonly signers: readonly NamedSigner[];
}

/** What a payload for a key for EVM chains asks for. It names nobody: whoever verifies it recovers the account. */
export interface EvmIntent {
  readonly schemeId: typeof ECDSA_SCHEME;
  readonly purpose: (typeof EVM_PURPOSES)[number];
  /** The 32 bytes of each signature, in the payload's order. */
  readonly digests: readonly Uint8Array[];
  /** All that it would do; at least one. */
  readonly wishes: readonly EvmWish[];
}

export type Intent = NearIntent | EvmIntent;

/** Most actions of a transaction or delegate that can land (nearcore: max_actions_per_receipt). */
export const MAX_ACTIONS = 100;

/** PAYLOAD_MALFORMED. */
export function malformed(message: string, cause?: unknown): DomainError {
  return new DomainError(ErrorReason.PAYLOAD_MALFORMED, message, { cause });
}

/** Throws PAYLOAD_KEY_MISMATCH for a payload that names another account or another key. */
export function assertIsFor(
  { signers }: NearIntent,
  key: { readonly accountId: string; readonly keyId: string },
): void {
  if (signers.every((one) => one.accountId === key.accountId && one.publicKey === key.keyId)) return;
  throw new DomainError(
    ErrorReason.PAYLOAD_KEY_MISMATCH,
    "the payload names another account or public key than the threshold key's",
  );
}
