import { EvmError } from "./evm-error.ts";

/** What RLP has: a string of bytes, or a list. */
export type RlpItem = Uint8Array | readonly RlpItem[];

/** Deeper than anything that a transaction holds. */
const MAX_DEPTH = 16;
/** More than any transaction of 128 KiB has use for: an empty list costs a byte on the wire, and many of them here. */
const MAX_ITEMS = 16_384;
/** Longer sizes than this are beyond 2^32 bytes. */
const MAX_SIZE_OF_SIZE = 4;

/**
 * Reads the one item that takes all of `bytes`, in its only encoding (Yellow Paper, appendix B): the shortest size, and
 * a byte below 0x80 as itself. Its strings are views of `bytes`. Throws EvmError.
 */
export function decodeRlp(bytes: Uint8Array): RlpItem {
  const { item, end } = readItem(bytes, 0, bytes.length, 0, { items: MAX_ITEMS });
  if (end !== bytes.length) throw new EvmError(`${bytes.length - end} bytes after the end`);
  return item;
}

function readItem(
  bytes: Uint8Array,
  start: number,
  limit: number,
  depth: number,
  left: { items: number },
): { readonly item: RlpItem; readonly end: number } {
  if (depth > MAX_DEPTH) throw new EvmError("lists in lists beyond all need");
  if (left.items-- === 0) throw new EvmError(`more than ${MAX_ITEMS} items`);
  const first = byteAt(bytes, start, limit);
  if (first < 0x80) return { item: bytes.subarray(start, start + 1), end: start + 1 };
  const isList = first >= 0xc0;
  const from = readSize(bytes, start, limit, first - (isList ? 0xc0 : 0x80));
  const { body, end } = from;
  if (!isList) {
    const item = bytes.subarray(body, end);
    if (item.length === 1 && (item[0] ?? 0) < 0x80) throw new EvmError("a single byte that has a size");
    return { item, end };
  }
  const items: RlpItem[] = [];
  for (let at = body; at < end; ) {
    const read = readItem(bytes, at, end, depth + 1, left);
    items.push(read.item);
    at = read.end;
  }
  return { item: items, end };
}

/** Where the body of the item at `start` begins and ends. `code` is its first byte, less what says list or string. */
function readSize(
  bytes: Uint8Array,
  start: number,
  limit: number,
  code: number,
): { readonly body: number; readonly end: number } {
  let size = code;
  let body = start + 1;
  if (code > 55) {
    const sizeOfSize = code - 55;
    if (sizeOfSize > MAX_SIZE_OF_SIZE) throw new EvmError("a size beyond the bytes");
    size = 0;
    for (let i = 0; i < sizeOfSize; i++) size = size * 256 + byteAt(bytes, body++, limit);
    if (size <= 55 || size < 256 ** (sizeOfSize - 1))
      throw new EvmError("a size that is longer than it must be");
  }
  if (size > limit - body) throw new EvmError("a size beyond the bytes");
  return { body, end: body + size };
}

function byteAt(bytes: Uint8Array, at: number, limit: number): number {
  const byte = at < limit ? bytes[at] : undefined;
  if (byte === undefined) throw new EvmError("bytes end too early");
  return byte;
}
