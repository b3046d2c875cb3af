// Messages and their channels. A header names the channel and the place in it, and nothing of session, phase or sender:
// whoever carries messages keeps runs apart and authenticates them.
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { u32le } from "../length-prefixed.ts";
import { ProtocolAbort } from "./protocol-abort.ts";

/** A channel's tag, 32 bytes, and the waitpoint, u64, little-endian. */
export const HEADER_SIZE = 40;
const TAG_SIZE = 32;

/** One message of a run. */
export interface Message {
  /** The channel, 32 bytes. */
  readonly tag: Uint8Array;
  /** The place in the channel, from 0. */
  readonly waitpoint: number;
  /** MessagePack. */
  readonly body: Uint8Array;
}

const DOMAIN = utf8ToBytes("Near threshold signatures channel tags");

/** The channel that both participants have in common. */
export const ROOT_SHARED: Uint8Array = sha256(concatBytes(DOMAIN, utf8ToBytes("root shared")));

/** The channel between participant 1 and participant 2. */
export const ROOT_PRIVATE: Uint8Array = sha256(
  concatBytes(DOMAIN, utf8ToBytes("root private"), utf8ToBytes("p0"), u32le(1), utf8ToBytes("p1"), u32le(2)),
);

/** The tag of a channel's child. `index` is below 2^32. */
export function childTag(parent: Uint8Array, index: number): Uint8Array {
  const wide = concatBytes(u32le(index), new Uint8Array(4));
  return sha256(concatBytes(DOMAIN, utf8ToBytes("parent"), parent, utf8ToBytes("i"), wide));
}

/** A channel's name in the purposes of `Randomness`: the first 4 bytes of its tag, in hex. */
export function channelName(tag: Uint8Array): string {
  return bytesToHex(tag.subarray(0, 4));
}

export function encodeMessage({ tag, waitpoint, body }: Message): Uint8Array {
  return concatBytes(tag, u32le(waitpoint), new Uint8Array(4), body);
}

/** Throws ProtocolAbort for what has no header, or a waitpoint that no run reaches. */
export function decodeMessage(bytes: Uint8Array): Message {
  if (bytes.length < HEADER_SIZE) throw new ProtocolAbort("a message is shorter than its header");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(TAG_SIZE + 4, true) !== 0) throw new ProtocolAbort("a waitpoint is out of range");
  return {
    tag: bytes.slice(0, TAG_SIZE),
    waitpoint: view.getUint32(TAG_SIZE, true),
    body: bytes.slice(HEADER_SIZE),
  };
}
