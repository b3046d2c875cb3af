import { createHash, createHmac } from "node:crypto";
import { Secret } from "@countersign/service-kit";

const BYTES = 32;
const PREFIX = "csr_";
const FORM = /^csr_[A-Za-z0-9_-]{43}$/;
/** Keeps this use of a token apart from any other. */
const SEAL = "countersign/refresh-successor/v1";

/** A refresh token: 32 random bytes, "csr_" and base64url as text. Only its hash is ever stored. */
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

  /** 32 bytes. A token has 256 random bits, so that a slow hash would add nothing. */
  hash(): Uint8Array {
    return Uint8Array.from(createHash("sha256").update(this.#bytes.reveal()).digest());
  }

  /** The token that follows this one, for who holds this one: a one-time pad, since each token has one successor. */
  seal(successor: RefreshToken): Uint8Array {
    return this.#pad(successor.#bytes.reveal());
  }

  /** What `seal` was given. */
  open(sealed: Uint8Array): RefreshToken {
    return new RefreshToken(Buffer.from(this.#pad(sealed)));
  }

  #pad(bytes: Uint8Array): Uint8Array {
    const pad = createHmac("sha256", this.#bytes.reveal()).update(SEAL).digest();
    return Uint8Array.from(pad, (byte, i) => byte ^ (bytes[i] ?? 0));
  }
}
