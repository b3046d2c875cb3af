import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { formatPublicKey, type PublicKey } from "@countersign/near";
import { DomainError } from "@countersign/service-kit";
import type { HeldKey, KeyBackend } from "../relayer-signer/key-backend.ts";
import type { KeyState, NewKeyRecord } from "./key-records.ts";

/** A key that the signer holds: its names, its public half, and the place of its secret half. */
export interface RingKey extends HeldKey {
  readonly publicKey: PublicKey;
  /** The backend's name in the configuration, and what finds the key there. */
  readonly backendName: string;
  readonly reference: string;
  /** Known from the store alone, because nobody opens the key any more. */
  readonly isRetired?: true;
}

/** The key as the store is to enter it; a key that the store knows keeps its state. */
export function newRecord(key: RingKey, state: KeyState): NewKeyRecord {
  const { keyId, network, accountId, publicKey, backendName: backend, reference } = key;
  return { keyId, network, accountId, publicKey: formatPublicKey(publicKey), backend, reference, state };
}

/** Stands in for a key whose place gives no answer: its public half is known from before. */
export function awayBackend(backendName: string, publicKey: PublicKey): KeyBackend {
  return {
    describe: () => `${backendName} (gives no answer)`,
    publicKey: async () => publicKey,
    sign: async () => {
      throw new DomainError(
        ErrorReason.SIGNER_BACKEND_UNAVAILABLE,
        "the place that holds the key gives no answer",
      );
    },
  };
}
