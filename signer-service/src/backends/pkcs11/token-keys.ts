import type { PublicKey } from "@countersign/near";
import type * as Pkcs11Js from "pkcs11js";
import { CURVES, curveOfParameters, publicKeyOfPoint } from "./curves.ts";
import { TokenFailure } from "./token-failure.ts";

/** A session with a token, and what its calls go through. */
export interface OpenToken {
  readonly pkcs11js: typeof Pkcs11Js;
  readonly library: Pkcs11Js.PKCS11;
  readonly slot: Pkcs11Js.Handle;
  readonly session: Pkcs11Js.Handle;
}

/** A key on a token: the handle that signs, and the public half. */
export interface TokenKey {
  readonly privateKey: Pkcs11Js.Handle;
  readonly publicKey: PublicKey;
}

const ID_PREFIX = "id:";

/**
 * The key of a reference: a label (CKA_LABEL), or "id:" and CKA_ID in hex. Exactly one private key and one public
 * key must have it. Throws a TokenFailure "key" that says what is there instead.
 */
export function findKey(token: OpenToken, reference: string): TokenKey {
  const { CKO_PRIVATE_KEY, CKO_PUBLIC_KEY, CKA_EC_PARAMS, CKA_EC_POINT, CKA_KEY_TYPE } = token.pkcs11js;
  const attribute = attributeOf(token, reference);
  const only = (kind: number, name: string): Pkcs11Js.Handle => {
    const found = findObjects(token, kind, attribute);
    const [object] = found;
    if (object === undefined) throw new TokenFailure("key", `the token has no ${name} ${reference}`);
    if (found.length > 1) throw new TokenFailure("key", `the token has more than one ${name} ${reference}`);
    return object;
  };
  const privateKey = only(CKO_PRIVATE_KEY, "private key");
  const publicObject = only(CKO_PUBLIC_KEY, "public key");
  const keyType = numberOf(read(token, privateKey, CKA_KEY_TYPE));
  if (keyType !== CURVES.ed25519.keyType && keyType !== CURVES.secp256k1.keyType) {
    throw new TokenFailure("key", `key ${reference} is neither ed25519 nor secp256k1`);
  }
  const type = curveOfParameters(read(token, publicObject, CKA_EC_PARAMS));
  if (type === undefined || CURVES[type].keyType !== keyType) {
    throw new TokenFailure("key", `key ${reference} is neither ed25519 nor secp256k1`);
  }
  const publicKey = publicKeyOfPoint(type, read(token, publicObject, CKA_EC_POINT));
  if (publicKey === undefined) {
    throw new TokenFailure("key", `the public key ${reference} is not a point of ${type}`);
  }
  return { privateKey, publicKey };
}

/** At most two objects of a kind (CKO_…) that have an attribute: whether there is none, one or more. */
export function findObjects(
  { pkcs11js, library, session }: OpenToken,
  kind: number,
  attribute: Pkcs11Js.Attribute,
): Pkcs11Js.Handle[] {
  library.C_FindObjectsInit(session, [{ type: pkcs11js.CKA_CLASS, value: kind }, attribute]);
  try {
    return library.C_FindObjects(session, 2);
  } finally {
    library.C_FindObjectsFinal(session);
  }
}

/** Whether the key was made on the token and has never been readable outside of it. */
export function isMadeHere(token: OpenToken, { privateKey }: TokenKey): boolean {
  const { CKA_LOCAL, CKA_ALWAYS_SENSITIVE, CKA_NEVER_EXTRACTABLE } = token.pkcs11js;
  return [CKA_LOCAL, CKA_ALWAYS_SENSITIVE, CKA_NEVER_EXTRACTABLE].every(
    (type) => read(token, privateKey, type)[0] === 1,
  );
}

export function attributeOf({ pkcs11js }: OpenToken, reference: string): Pkcs11Js.Attribute {
  if (!reference.startsWith(ID_PREFIX)) return { type: pkcs11js.CKA_LABEL, value: reference };
  const hex = reference.slice(ID_PREFIX.length);
  if (!/^([0-9a-f]{2})+$/i.test(hex)) {
    throw new TokenFailure("key", `${reference} is not "${ID_PREFIX}" and whole bytes in hex`);
  }
  return { type: pkcs11js.CKA_ID, value: Buffer.from(hex, "hex") };
}

export function read({ library, session }: OpenToken, object: Pkcs11Js.Handle, type: number): Buffer {
  const [attribute] = library.C_GetAttributeValue(session, object, [{ type }]);
  return attribute?.value ?? Buffer.alloc(0);
}

/** A CK_ULONG as it lies in memory: 4 or 8 bytes, little-endian on every machine that Node runs on. */
export function numberOf(value: Buffer): number {
  return value.length === 0 ? -1 : value.readUIntLE(0, Math.min(value.length, 6));
}
