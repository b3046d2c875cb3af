import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import type { PublicKey } from "@countersign/near";
import { verifySignature } from "@countersign/near/verify";
import { DomainError } from "@countersign/service-kit";
import { verifyEd25519 } from "../signature-threads/signature-threads.ts";
import type { KeyBackend } from "./key-backend.ts";

/** What a backend made of a 32-byte hash. */
export interface MadeSignature {
  readonly signature: Uint8Array;
  /** The backend has verified it. */
  readonly isVerified: boolean;
}

/** Throws what the backend throws. */
export async function signWith(backend: KeyBackend, hash: Uint8Array): Promise<MadeSignature> {
  const signature = await backend.sign(hash);
  return { signature, isVerified: backend.verifiesItself === true };
}

/**
 * Has one of the signer's own keys sign through `make`, and gives only what verifies: by what `verifySignature` of
 * @countersign/near says, with Ed25519 on another thread. Throws SIGNER_SELF_CHECK_FAILED, and
 * what `make` throws.
 */
export function verifiedSigning(
  publicKey: PublicKey,
  make: (hash: Uint8Array) => Promise<MadeSignature>,
): (hash: Uint8Array) => Promise<Uint8Array> {
  const verifies = signatureCheck(publicKey);
  return async (hash) => {
    const { signature, isVerified } = await make(hash);
    if (isVerified || (await verifies(hash, signature))) return signature;
    throw selfCheckFailed();
  };
}

/** A faulty signature can give the key away and is never released (fault attacks on Ed25519). */
export function selfCheckFailed(): DomainError {
  const message = "the signature that was made does not verify; nothing is released";
  return new DomainError(ErrorReason.SIGNER_SELF_CHECK_FAILED, message);
}

function signatureCheck(publicKey: PublicKey): (hash: Uint8Array, signature: Uint8Array) => Promise<boolean> {
  if (publicKey.type !== "ed25519") {
    return async (hash, data) => verifySignature(publicKey, hash, { type: publicKey.type, data });
  }
  return (hash, signature) => verifyEd25519(publicKey.data, hash, signature);
}
