import type { Secret } from "@countersign/service-kit";
import { errors, type JWK, type JWTVerifyGetKey } from "jose";
import { seedKey } from "../signing-seed.ts";

export interface SigningKeyOptions {
  /** Header kid; no two keys have one. */
  readonly id: string;
  /** Of the Ed25519 key: 32 bytes, as seedKey takes them. */
  readonly seed: Secret<string>;
  /** From then on the key neither signs nor verifies; undefined for never. */
  readonly notAfter?: Date | undefined;
}

interface SigningKey {
  readonly id: string;
  /** Secret. As JSON Web Keys, which jose takes on every platform. */
  readonly privateKey: JWK;
  readonly publicKey: JWK;
  readonly notAfter: Date | undefined;
}

/** The relay's keys for app tokens: the first one signs, all verify, each until its time is over. */
export class SigningKeys {
  readonly #keys: readonly SigningKey[];
  readonly #now: () => Date;

  constructor(keys: readonly SigningKeyOptions[], now: () => Date) {
    this.#now = now;
    this.#keys = keys.map(({ id, seed, notAfter }) => {
      const { kty, crv, x, d } = seedKey(seed).export({ format: "jwk" });
      const publicKey = { kty, crv, x } as JWK;
      return { id, privateKey: { ...publicKey, d } as JWK, publicKey, notAfter };
    });
  }

  /** The key that signs. Throws when the time of every key is over. */
  current(): Pick<SigningKey, "id" | "privateKey" | "notAfter"> {
    const [key] = this.#valid();
    if (key === undefined) throw new Error("every key for app tokens is past its not_after");
    return key;
  }

  /** For jose: the public key that a token's header names. */
  readonly keyOf: JWTVerifyGetKey = async ({ kid }) => {
    const key = this.#valid().find(({ id }) => id === kid);
    if (key === undefined) throw new errors.JWKSNoMatchingKey();
    return key.publicKey;
  };

  /** The public keys (RFC 7517, RFC 8037). */
  keySet() {
    const keys = this.#valid().map(({ id, publicKey }) => {
      const { kty, crv, x } = publicKey;
      return { kty, crv, x, kid: id, use: "sig", alg: "EdDSA" };
    });
    return { keys };
  }

  #valid(): readonly SigningKey[] {
    const now = this.#now();
    return this.#keys.filter(({ notAfter }) => notAfter === undefined || now < notAfter);
  }
}
