import { createHash, type KeyObject, sign } from "node:crypto";
import { isIP } from "node:net";

/** What a certificate says (RFC 5280). Times are in UTC. */
export interface CertificateContents {
  /** Positive, at most 20 bytes. */
  serial: Uint8Array;
  subject: string;
  issuer: string;
  notBefore: Date;
  notAfter: Date;
  role:
    | { kind: "ca" }
    | { kind: "server"; names: readonly string[] }
    | { kind: "client"; uris: readonly string[] };
  /** P-256. */
  publicKey: KeyObject;
  /** P-256; its public half goes into the authority key identifier. */
  issuerKeys: { publicKey: KeyObject; privateKey: KeyObject };
}

const SEQUENCE = 0x30;
const SET = 0x31;
const OID = {
  ecdsaWithSha256: "2a8648ce3d040302",
  commonName: "550403",
  subjectKeyIdentifier: "551d0e",
  keyUsage: "551d0f",
  subjectAltName: "551d11",
  basicConstraints: "551d13",
  authorityKeyIdentifier: "551d23",
  extendedKeyUsage: "551d25",
  serverAuth: "2b06010505070301",
  clientAuth: "2b06010505070302",
} as const;
/** Named bits of KeyUsage: keyCertSign and cRLSign; digitalSignature (RFC 5280, section 4.2.1.3). */
const SIGN_CERTIFICATES = "030201" + "06";
const SIGN_HANDSHAKES = "030207" + "80";

function der(tag: number, ...parts: Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body]);
  const hex = body.length.toString(16);
  const length = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, body]);
}

const raw = (hex: string) => Buffer.from(hex, "hex");
const oid = (hex: string) => der(0x06, raw(hex));
const octets = (content: Uint8Array) => der(0x04, content);
const bits = (content: Uint8Array) => der(0x03, Buffer.from([0]), content);

/** A positive INTEGER in its shortest form. */
function integer(value: Uint8Array): Buffer {
  const first = value.findIndex((byte) => byte !== 0);
  const shortest = first === -1 ? new Uint8Array(1) : value.subarray(first);
  return der(0x02, Buffer.from((shortest[0] ?? 0) >= 0x80 ? [0] : []), shortest);
}

const name = (commonName: string) =>
  der(SEQUENCE, der(SET, der(SEQUENCE, oid(OID.commonName), der(0x0c, Buffer.from(commonName)))));

/** UTCTime until 2049, GeneralizedTime after (RFC 5280, section 4.1.2.5). */
function time(date: Date): Buffer {
  const text = date.toISOString().replace(/[-:T]|\.\d+/g, "");
  return date.getUTCFullYear() < 2050 ? der(0x17, Buffer.from(text.slice(2))) : der(0x18, Buffer.from(text));
}

const spki = (key: KeyObject) => key.export({ type: "spki", format: "der" });
/** SHA-1 of the point, as RFC 5280 section 4.2.1.2 has it; P-256's SubjectPublicKeyInfo ends in 65 bytes of it. */
const keyIdentifier = (key: KeyObject) => createHash("sha1").update(spki(key).subarray(-65)).digest();

function extension(id: string, value: Uint8Array, critical = false): Buffer {
  return der(SEQUENCE, oid(id), critical ? raw("0101ff") : Buffer.alloc(0), octets(value));
}

/** dNSName, or iPAddress for IPv4 (RFC 5280, section 4.2.1.6). */
const alternativeName = (text: string) =>
  isIP(text) === 4 ? der(0x87, Buffer.from(text.split(".").map(Number))) : der(0x82, Buffer.from(text));

/** uniformResourceIdentifier, for example a SPIFFE id (RFC 5280, section 4.2.1.6). */
const uriName = (text: string) => der(0x86, Buffer.from(text));

function roleExtensions(role: CertificateContents["role"]): Buffer[] {
  if (role.kind === "ca") {
    return [
      extension(OID.basicConstraints, der(SEQUENCE, raw("0101ff")), true),
      extension(OID.keyUsage, raw(SIGN_CERTIFICATES), true),
    ];
  }
  const purpose = role.kind === "server" ? OID.serverAuth : OID.clientAuth;
  const names = role.kind === "server" ? role.names.map(alternativeName) : role.uris.map(uriName);
  return [
    extension(OID.basicConstraints, der(SEQUENCE), true),
    extension(OID.keyUsage, raw(SIGN_HANDSHAKES), true),
    extension(OID.extendedKeyUsage, der(SEQUENCE, oid(purpose))),
    ...(names.length === 0 ? [] : [extension(OID.subjectAltName, der(SEQUENCE, ...names))]),
  ];
}

/** A certificate of version 3, signed with ECDSA over SHA-256, as PEM. */
export function makeCertificate(contents: CertificateContents): string {
  const algorithm = der(SEQUENCE, oid(OID.ecdsaWithSha256));
  const extensions = [
    ...roleExtensions(contents.role),
    extension(OID.subjectKeyIdentifier, octets(keyIdentifier(contents.publicKey))),
    extension(
      OID.authorityKeyIdentifier,
      der(SEQUENCE, der(0x80, keyIdentifier(contents.issuerKeys.publicKey))),
    ),
  ];
  const toBeSigned = der(
    SEQUENCE,
    der(0xa0, integer(Buffer.from([2]))),
    integer(contents.serial),
    algorithm,
    name(contents.issuer),
    der(SEQUENCE, time(contents.notBefore), time(contents.notAfter)),
    name(contents.subject),
    spki(contents.publicKey),
    der(0xa3, der(SEQUENCE, ...extensions)),
  );
  const signature = sign("sha256", toBeSigned, contents.issuerKeys.privateKey);
  const certificate = der(SEQUENCE, toBeSigned, algorithm, bits(signature));
  const lines = certificate.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}
