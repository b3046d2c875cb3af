import { randomBytes } from "node:crypto";
import { BackendError } from "../backend-failure.ts";
import { contextBytes, type SecretSealer } from "../secret-sealer.ts";
import type { TokenConnection } from "./token-connection.ts";
import { IV_BYTES } from "./token-sealing.ts";

/**
 * Seals secrets under AES keys of a token: a sealed one is the IV, then ciphertext and tag, with the context as
 * additional data. `failed` makes the error that the caller is to see.
 */
export function tokenSealer(
  connection: TokenConnection,
  name: string,
  failed: (error: unknown) => Error,
): SecretSealer {
  const told = async <T>(call: Promise<T>): Promise<T> => {
    try {
      return await call;
    } catch (error) {
      throw failed(error);
    }
  };
  return {
    makeKey: (label) => told(connection.call("makeSealingKey", label)),
    async seal(key, secret, context) {
      // Copies: what is posted to a thread takes the whole buffer along that it is a part of.
      const iv = Uint8Array.from(randomBytes(IV_BYTES));
      const data = Uint8Array.from(contextBytes(context));
      const sealed = await told(connection.call("seal", key, iv, data, Uint8Array.from(secret)));
      return Uint8Array.from(Buffer.concat([iv, sealed]));
    },
    async unseal(key, sealed, context) {
      if (sealed.length <= IV_BYTES) throw new BackendError(`backend ${name}: what is sealed is too short`);
      const [iv, rest] = [sealed.slice(0, IV_BYTES), sealed.slice(IV_BYTES)];
      return told(connection.call("unseal", key, iv, Uint8Array.from(contextBytes(context)), rest));
    },
  };
}
