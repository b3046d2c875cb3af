import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";

/** What an authenticator's and a browser's answer is made from; a test changes what it wants to be wrong. */
export interface CeremonyOptions {
  /** The page's origin. */
  readonly origin?: string;
  /** The page that the page is framed by, when it is of another origin. */
  readonly topOrigin?: string;
  /** "webauthn.get" or "webauthn.create". */
  readonly type?: string;
  /** The relying party that the authenticator signs for. */
  readonly rpId?: string;
  readonly userPresent?: boolean;
  readonly userVerified?: boolean;
  /** The signature counter; without it the passkey's own, which rises only if it has one. */
  readonly counter?: number;
}

/** A credential as navigator.credentials.create gives it. */
export interface SoftwareAttestation {
  readonly credentialId: Uint8Array;
  readonly clientDataJson: Uint8Array;
  readonly attestationObject: Uint8Array;
}

/** An assertion as navigator.credentials.get gives it; the fields of countersign.threshold.v1.Assertion. */
export interface SoftwareAssertion {
  readonly credentialId: Uint8Array;
  readonly clientDataJson: Uint8Array;
  readonly authenticatorData: Uint8Array;
  readonly signature: Uint8Array;
}

export interface SoftwarePasskeyOptions {
  readonly rpId: string;
  readonly origin: string;
  /** Whether its signature counter rises, as those of security keys do. Synchronised passkeys say 0 always. */
  readonly counts?: boolean;
}

/** Flags of authenticator data (WebAuthn Level 3, section 6.1). */
const USER_PRESENT = 0x01;
const USER_VERIFIED = 0x04;
const BACKUP_ELIGIBLE = 0x08;
const BACKED_UP = 0x10;
const ATTESTED_CREDENTIAL = 0x40;

/** A passkey in software: ES256, attestation "none", backed up unless it counts. Without extensions. */
export class SoftwarePasskey {
  readonly credentialId: Uint8Array;
  readonly rpId: string;
  readonly origin: string;
  /** The public key in COSE form (RFC 9053, section 7.1). */
  readonly publicKey: Uint8Array;
  readonly #privateKey: KeyObject;
  readonly #counts: boolean;
  #counter = 0;

  constructor({ rpId, origin, counts = false }: SoftwarePasskeyOptions) {
    this.rpId = rpId;
    this.origin = origin;
    this.#counts = counts;
    this.credentialId = new Uint8Array(randomBytes(32));
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    this.#privateKey = privateKey;
    const { x = "", y = "" } = publicKey.export({ format: "jwk" });
    this.publicKey = coseKey(Buffer.from(x, "base64url"), Buffer.from(y, "base64url"));
  }

  /** Answers navigator.credentials.create. */
  register(challenge: Uint8Array, options: CeremonyOptions = {}): SoftwareAttestation {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(this.credentialId.length);
    const attested = Buffer.concat([Buffer.alloc(16), length, this.credentialId, this.publicKey]);
    const authenticatorData = Buffer.concat([this.#data(options, ATTESTED_CREDENTIAL), attested]);
    return {
      credentialId: this.credentialId,
      clientDataJson: this.#clientData(challenge, "webauthn.create", options),
      attestationObject: attestationObject(authenticatorData),
    };
  }

  /** Answers navigator.credentials.get. */
  assert(challenge: Uint8Array, options: CeremonyOptions = {}): SoftwareAssertion {
    const clientDataJson = this.#clientData(challenge, "webauthn.get", options);
    const authenticatorData = new Uint8Array(this.#data(options, 0));
    const signed = Buffer.concat([authenticatorData, sha256(clientDataJson)]);
    const signature = new Uint8Array(sign("sha256", signed, this.#privateKey));
    return { credentialId: this.credentialId, clientDataJson, authenticatorData, signature };
  }

  #clientData(challenge: Uint8Array, type: string, options: CeremonyOptions): Uint8Array {
    const { topOrigin } = options;
    const data = {
      type: options.type ?? type,
      challenge: Buffer.from(challenge).toString("base64url"),
      origin: options.origin ?? this.origin,
      crossOrigin: topOrigin !== undefined,
      ...(topOrigin === undefined ? {} : { topOrigin }),
    };
    return new TextEncoder().encode(JSON.stringify(data));
  }

  /** RP id hash, flags and counter. */
  #data(options: CeremonyOptions, more: number): Buffer {
    if (this.#counts) this.#counter += 1;
    let flags = more;
    if (options.userPresent ?? true) flags |= USER_PRESENT;
    if (options.userVerified ?? true) flags |= USER_VERIFIED;
    if (!this.#counts) flags |= BACKUP_ELIGIBLE | BACKED_UP;
    const rest = Buffer.alloc(5);
    rest.writeUInt8(flags);
    rest.writeUInt32BE(options.counter ?? this.#counter, 1);
    return Buffer.concat([sha256(options.rpId ?? this.rpId), rest]);
  }
}

function sha256(data: string | Uint8Array): Buffer {
  return createHash("sha256").update(data).digest();
}

/** CBOR: {1: 2 (EC2), 3: -7 (ES256), -1: 1 (P-256), -2: x, -3: y}. */
function coseKey(x: Uint8Array, y: Uint8Array): Uint8Array {
  return new Uint8Array(Buffer.concat([hex("a5010203262001215820"), x, hex("225820"), y]));
}

/** CBOR: {"fmt": "none", "attStmt": {}, "authData": …}. */
function attestationObject(authenticatorData: Uint8Array): Uint8Array {
  const length = Buffer.alloc(3);
  length.writeUInt8(0x59);
  length.writeUInt16BE(authenticatorData.length, 1);
  return new Uint8Array(
    Buffer.concat([
      hex("a3"),
      ...["fmt", "none", "attStmt"].map(text),
      hex("a0"),
      text("authData"),
      length,
      authenticatorData,
    ]),
  );
}

/** A CBOR text of less than 24 bytes. */
function text(value: string): Buffer {
  return Buffer.concat([Buffer.from([0x60 + value.length]), Buffer.from(value)]);
}

function hex(digits: string): Buffer {
  return Buffer.from(digits, "hex");
}
