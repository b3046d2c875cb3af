import { base58 } from "@scure/base";
import { BorshError, type BorshReader, type BorshWriter } from "./borsh.ts";

/** The curves of NEAR's access keys (https://nomicon.io/DataStructures/AccessKey). */
export type KeyType = "ed25519" | "secp256k1";

/** A public key: 32 bytes for ed25519, 64 bytes (x, y) for secp256k1. */
export interface PublicKey {
  readonly type: KeyType;
  readonly data: Uint8Array;
}

/** A signature: 64 bytes for ed25519, 65 bytes (r, s, v) for secp256k1. */
export interface Signature {
  readonly type: KeyType;
  readonly data: Uint8Array;
}

const TYPES: readonly KeyType[] = ["ed25519", "secp256k1"];
const PUBLIC_KEY_SIZE = { ed25519: 32, secp256k1: 64 } as const;
const SIGNATURE_SIZE = { ed25519: 64, secp256k1: 65 } as const;
const MAX_TEXT_LENGTH = 128;

/** The text is not a public key. */
export class PublicKeyError extends Error {
  override readonly name = "PublicKeyError";
}

/**
 * Reads "ed25519:…" or "secp256k1:…" with base58 of the right size; throws PublicKeyError for anything else.
 */
export function parsePublicKey(text: string): PublicKey {
  const colon = text.indexOf(":");
  const type = TYPES.find((t) => t === text.slice(0, Math.max(colon, 0)));
  if (type === undefined || text.length > MAX_TEXT_LENGTH) {
    throw new PublicKeyError('a public key begins with "ed25519:" or "secp256k1:"');
  }
  let data: Uint8Array;
  try {
    data = base58.decode(text.slice(colon + 1));
  } catch {
    throw new PublicKeyError("a public key is base58 after its type");
  }
  if (data.length !== PUBLIC_KEY_SIZE[type]) {
    throw new PublicKeyError(`a ${type} public key has ${PUBLIC_KEY_SIZE[type]} bytes, not ${data.length}`);
  }
  return { type, data };
}

/** Whether `parsePublicKey` reads the text. */
export function isPublicKey(text: string): boolean {
  try {
    parsePublicKey(text);
    return true;
  } catch (error) {
    if (!(error instanceof PublicKeyError)) throw error;
    return false;
  }
}

/** The text form that `parsePublicKey` reads. */
export function formatPublicKey(key: PublicKey): string {
  return `${key.type}:${base58.encode(key.data)}`;
}

function readType(reader: BorshReader): KeyType {
  const tag = reader.u8();
  const type = TYPES[tag];
  if (type === undefined) throw new BorshError(`key type ${tag}`);
  return type;
}

export function readPublicKey(reader: BorshReader): PublicKey {
  const type = readType(reader);
  return { type, data: reader.fixed(PUBLIC_KEY_SIZE[type]) };
}

export function writePublicKey(writer: BorshWriter, key: PublicKey): void {
  writer.u8(TYPES.indexOf(key.type)).fixed(key.data);
}

export function readSignature(reader: BorshReader): Signature {
  const type = readType(reader);
  return { type, data: reader.fixed(SIGNATURE_SIZE[type]) };
}

export function writeSignature(writer: BorshWriter, signature: Signature): void {
  writer.u8(TYPES.indexOf(signature.type)).fixed(signature.data);
}
