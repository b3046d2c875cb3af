import { createHash, createHmac } from "node:crypto";
import { Secret } from "@countersign/service-kit";
import type { RefreshTokenHashes } from "../ledger/app-session-types.ts";

const BYTES = 32;
/** Of these, what all tokens of a session begin with. */
const FAMILY_BYTES = 16;
const PREFIX = "csr_";
const FORM = /^csr_[A-Za-z0-9_-]{43}$/;
/** Keep these uses of a token apart from any other. */
const SEAL = "countersign/refresh-successor/v1";
const FAMILY = "countersign/refresh-family/v1";

/**
 * A refresh token: 16 random bytes of its session, the family, and 16 of its own; as text "csr_" and base64url. Only hashes
 * of it are ever stored.
 */
export class RefreshToken {
  readonly #bytes: Secret<Buffer>;

  private constructor(bytes: Buffer) {
    this.#bytes = new Secret(bytes);
  }

  static mint(randomBytes: (length: number) => Uint8Array): RefreshToken {
    return new RefreshToken(Buffer.from(randomBytes(BYTES)));
  }

  /** Undefined for what is no refresh token. */
  static parse(text: string): RefreshToken | undefined {
    if (!FORM.test(text)) return undefined;
    const token = new RefreshToken(Buffer.from(text.slice(PREFIX.length), "base64url"));
    // The last of 43 characters holds two bits too many: only one text is a token's.
    return token.text() === text ? token : undefined;
  }

  text(): string {
    return PREFIX + this.#bytes.reveal().toString("base64url");
  }

  /** One of the same family. */
  next(randomBytes: (length: number) => Uint8Array): RefreshToken {
    return new RefreshToken(Buffer.concat([this.#family(), randomBytes(BYTES - FAMILY_BYTES)]));
  }

  /** Who knows no token cannot guess 128 random bits, so that slow hashes would add nothing. */
  hashes(): RefreshTokenHashes {
    return { token: this.hash(), family: sha256(Buffer.concat([Buffer.from(FAMILY), this.#family()])) };
  }

  /** 32 bytes. */
  hash(): Uint8Array {
    return sha256(this.#bytes.reveal());
  }

  /** The token that follows this one, for who holds this one: a one-time pad, since each token has one successor. */
  seal(successor: RefreshToken): Uint8Array {
    return this.#pad(successor.#bytes.reveal());
  }

  /** What `seal` was given. */
  open(sealed: Uint8Array): RefreshToken {
    return new RefreshToken(Buffer.from(this.#pad(sealed)));
  }

  #family(): Buffer {
    return this.#bytes.reveal().subarray(0, FAMILY_BYTES);
  }

  #pad(bytes: Uint8Array): Uint8Array {
    const pad = createHmac("sha256", this.#bytes.reveal()).update(SEAL).digest();
    return Uint8Array.from(pad, (byte, i) => byte ^ (bytes[i] ?? 0));
  }
}

function sha256(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(createHash("sha256").update(bytes).digest());
}
