import { isPublicKey, parsePublicKey } from "@countersign/near";
import { isEd25519Signature } from "@countersign/near/ed25519";
import { z } from "zod";
import { verifyEd25519 } from "../signature-threads/signature-threads.ts";

import { inDomain, type SigningDomain } from "./signing-domain.ts";

/** Keys that may sign the same thing; more than two are rarely needed for a rotation. */
const MAX_KEYS = 16;

/** Ed25519 public keys of 32 bytes by id. */
export type TrustedKeys = ReadonlyMap<string, Uint8Array>;

/** A list of Ed25519 public keys in the configuration: `{ id, public_key }`, each id and each key once. */
export const trustedKeyList = z
  .array(
    z.strictObject({
      id: z.string().min(1).max(128),
      public_key: z.string().refine(isEd25519, 'must be "ed25519:" and base58 of 32 bytes'),
    }),
  )
  .max(MAX_KEYS)
  .refine((keys) => new Set(keys.map(({ id }) => id)).size === keys.length, "must name each id once")
  .refine(
    (keys) => new Set(keys.map((key) => key.public_key)).size === keys.length,
    "must name each public_key once",
  );

/** The keys of a `trustedKeyList`, by their ids. */
export function trustedKeys(list: z.output<typeof trustedKeyList>): TrustedKeys {
  return new Map(list.map(({ id, public_key }) => [id, parsePublicKey(public_key).data]));
}

/** Whether the key of this id is known and signed the bytes for the domain (RFC 8032). */
export function isSignedBy(
  keys: TrustedKeys,
  domain: SigningDomain,
  bytes: Uint8Array,
  { keyId, signature }: { readonly keyId: string; readonly signature: Uint8Array },
): boolean {
  const key = keys.get(keyId);
  return key !== undefined && isEd25519Signature(key, inDomain(domain, bytes), signature);
}

/** `isSignedBy` that does not hold up the event loop: it verifies on another thread. */
export async function isSignedByAsync(
  keys: TrustedKeys,
  domain: SigningDomain,
  bytes: Uint8Array,
  { keyId, signature }: { readonly keyId: string; readonly signature: Uint8Array },
): Promise<boolean> {
  const key = keys.get(keyId);
  return key !== undefined && (await verifyEd25519(key, inDomain(domain, bytes), signature));
}

function isEd25519(text: string): boolean {
  return isPublicKey(text) && text.startsWith("ed25519:");
}
