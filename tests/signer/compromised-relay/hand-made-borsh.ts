import type { PublicKey } from "near-api-js";

/** Borsh by hand (https://borsh.io), for bytes that no library makes. */
export const u8 = (value: number) => Buffer.from([value]);

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

export function u64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}

export const u128 = (value: bigint) =>
  Buffer.concat([u64(value & 0xffff_ffff_ffff_ffffn), u64(value >> 64n)]);

export function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([u32(bytes.length), bytes]);
}

/** An Ed25519 key: its tag and 32 bytes. */
export const key = ({ data }: PublicKey) => Buffer.concat([u8(0), data]);

/** A transaction as it stands in borsh, version 0. */
export interface RawTransaction {
  readonly signerId: string;
  readonly publicKey: PublicKey;
  readonly nonce: bigint;
  readonly receiverId: string;
  /** How many actions it says that it has. */
  readonly count: number;
  /** The actions, each with its tag. */
  readonly actions: Uint8Array;
}

export function rawTransaction(raw: RawTransaction): Buffer {
  const { signerId, publicKey, nonce, receiverId, count, actions } = raw;
  const blockHash = Buffer.alloc(32, 7);
  const head = [text(signerId), key(publicKey), u64(nonce), text(receiverId), blockHash];
  return Buffer.concat([...head, u32(count), actions]);
}

export const TAG = { createAccount: 0, transfer: 3, delegate: 8 } as const;

/** A Transfer with its tag. */
export const transfer = (deposit: bigint) => Buffer.concat([u8(TAG.transfer), u128(deposit)]);
