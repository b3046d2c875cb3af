import { randomBytes } from "node:crypto";
import { verifySignature } from "@countersign/near/verify";
import type { KeyBackend } from "@countersign/signer-service/relayer-signer/key-backend.ts";

/** Has a random hash signed; whether the signature is the key's, as NEAR sees it. */
export async function signsForNear(key: KeyBackend): Promise<boolean> {
  const hash = randomBytes(32);
  const publicKey = await key.publicKey();
  return verifySignature(publicKey, hash, { type: publicKey.type, data: await key.sign(hash) });
}
