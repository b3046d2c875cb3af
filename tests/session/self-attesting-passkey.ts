import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";

/** COSE's numbers (RFC 9053, RFC 8812) and node's digests. */
const ALGORITHMS = {
  EdDSA: { cose: -8, digest: null },
  RS256: { cose: -257, digest: "sha256" },
} as const;

/** User present and verified. */
const FLAGS = 0x05;
const ATTESTED_CREDENTIAL = 0x40;

/** A passkey whose browser passes on its self attestation, format "packed" (WebAuthn Level 3, section 8.2). */
export class SelfAttestingPasskey {
  readonly #algorithm: (typeof ALGORITHMS)[keyof typeof ALGORITHMS];
  readonly #rpId: string;
  readonly #origin: string;
  readonly #id = randomBytes(16);
  readonly #publicKey: Buffer;
  readonly #privateKey: KeyObject;

  constructor(algorithm: keyof typeof ALGORITHMS, rpId: string, origin: string) {
    this.#algorithm = ALGORITHMS[algorithm];
    this.#rpId = rpId;
    this.#origin = origin;
    const { publicKey, privateKey } =
      algorithm === "EdDSA"
        ? generateKeyPairSync("ed25519")
        : generateKeyPairSync("rsa", { modulusLength: 2048 });
    this.#privateKey = privateKey;
    const jwk = publicKey.export({ format: "jwk" });
    const bytes = (text = "") => Buffer.from(text, "base64url");
    this.#publicKey =
      algorithm === "EdDSA"
        ? cborMap([1, 1], [3, -8], [-1, 6], [-2, bytes(jwk.x)])
        : cborMap([1, 3], [3, -257], [-1, bytes(jwk.n)], [-2, bytes(jwk.e)]);
  }

  /** `signed` stands in place of what the attestation's signature should be over. */
  registrationJson(challenge: string, signed?: Uint8Array) {
    const clientData = this.#clientData("webauthn.create", challenge);
    const length = Buffer.from([0, this.#id.length]);
    const attested = Buffer.concat([Buffer.alloc(16), length, this.#id, this.#publicKey]);
    const data = Buffer.concat([this.#data(FLAGS | ATTESTED_CREDENTIAL), attested]);
    const signature = this.#sign(signed ?? Buffer.concat([data, sha256(clientData)]));
    const statement = cborMap(["alg", this.#algorithm.cose], ["sig", signature]);
    const attestation = Buffer.concat([
      Buffer.from([0xa3]),
      ...["fmt", "packed", "attStmt"].map(cbor),
      statement,
      cbor("authData"),
      cbor(data),
    ]);
    return this.#json({
      clientDataJSON: clientData.toString("base64url"),
      attestationObject: attestation.toString("base64url"),
    });
  }

  assertionJson(challenge: string, userHandle: string) {
    const clientData = this.#clientData("webauthn.get", challenge);
    const data = this.#data(FLAGS);
    return this.#json({
      clientDataJSON: clientData.toString("base64url"),
      authenticatorData: data.toString("base64url"),
      signature: this.#sign(Buffer.concat([data, sha256(clientData)])).toString("base64url"),
      userHandle: Buffer.from(userHandle).toString("base64url"),
    });
  }

  #json(response: Readonly<Record<string, string>>) {
    const id = this.#id.toString("base64url");
    return { id, rawId: id, type: "public-key", clientExtensionResults: {}, response };
  }

  #clientData(type: string, challenge: string): Buffer {
    return Buffer.from(JSON.stringify({ type, challenge, origin: this.#origin, crossOrigin: false }));
  }

  #data(flags: number): Buffer {
    return Buffer.concat([sha256(Buffer.from(this.#rpId)), Buffer.from([flags, 0, 0, 0, 0])]);
  }

  #sign(data: Uint8Array): Buffer {
    return sign(this.#algorithm.digest, data, this.#privateKey);
  }
}

function sha256(data: Uint8Array): Buffer {
  return createHash("sha256").update(data).digest();
}

/** A CBOR map (RFC 8949) in the order given. */
function cborMap(...entries: [number | string, number | Uint8Array][]): Buffer {
  return Buffer.concat([Buffer.from([0xa0 + entries.length]), ...entries.flat().map(cbor)]);
}

function cbor(value: number | string | Uint8Array): Buffer {
  if (typeof value === "number") return value < 0 ? head(1, -1 - value) : head(0, value);
  const bytes = typeof value === "string" ? Buffer.from(value) : value;
  return Buffer.concat([head(typeof value === "string" ? 3 : 2, bytes.length), bytes]);
}

function head(type: number, value: number): Buffer {
  if (value < 24) return Buffer.from([type * 32 + value]);
  if (value < 256) return Buffer.from([type * 32 + 24, value]);
  return Buffer.from([type * 32 + 25, value >> 8, value & 0xff]);
}
