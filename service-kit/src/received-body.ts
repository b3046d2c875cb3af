import { createHash } from "node:crypto";
import { Code, ConnectError, type ContextValues } from "@connectrpc/connect";
import type { BodyShare } from "./body-budget.ts";
import { bodyCheckKey } from "./body-check.ts";
import { requestIdKey } from "./call-context.ts";
import { toConnectError } from "./connect-errors.ts";

/** What the body of a call is received under. */
export interface BodyTerms {
  readonly values: ContextValues;
  /** Of a message, in bytes. */
  readonly maxBytes: number;
  /** Whether the call sends one message, and so ends its body before it is answered. */
  readonly sendsOne: boolean;
  /** Pays for the body, until whoever opened it gives it back. */
  readonly share: BodyShare;
}

/** Each message of a stream stands in an envelope of five bytes; more than a few messages do not stand together. */
const ENVELOPES_BYTES = 1024;

/**
 * The body of a request, handed on once it is there whole and, where the gate asked for it, checked. It is read after
 * the gate has let the call in. Fails with REQUEST_TOO_LARGE when it is larger than `maxBytes` and its envelopes, and
 * with OVERLOADED when there is no room for it; a body that fails is given back at once.
 *
 * Streams of requests go through as they come: one message of theirs at a time is in memory.
 */
export async function* receivedBody(
  body: AsyncIterable<Uint8Array>,
  { values, maxBytes, sendsOne, share }: BodyTerms,
): AsyncGenerator<Uint8Array> {
  const check = values.get(bodyCheckKey);
  if (!sendsOne && check === undefined) return yield* body;
  const blocks = new Blocks(share);
  try {
    for await (const chunk of body) {
      if (blocks.bytes + chunk.length > maxBytes + ENVELOPES_BYTES) {
        throw new ConnectError(`the body is larger than ${maxBytes} bytes`, Code.ResourceExhausted);
      }
      blocks.add(chunk);
    }
    check?.(blocks.sha256());
  } catch (error) {
    share.giveBack();
    throw error instanceof ConnectError ? error : toConnectError(error, values.get(requestIdKey));
  }
  yield* blocks.filled();
}

const MAX_BLOCK_BYTES = 65_536;

/**
 * Bytes in blocks of our own. What arrives is copied, because a chunk is a view of all that was read from its
 * connection with it: one byte of body could hold 64 KiB that nobody counts. Blocks double up to 64 KiB, so that a
 * body that comes a byte at a time makes few of them.
 */
class Blocks {
  readonly #share: BodyShare;
  readonly #blocks: Buffer[] = [];
  /** Of the last block. */
  #free = 0;
  #bytes = 0;

  constructor(share: BodyShare) {
    this.#share = share;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(chunk: Uint8Array): void {
    const fits = Math.min(this.#free, chunk.length);
    this.#append(chunk.subarray(0, fits));
    if (fits === chunk.length) return;
    const size = Math.max(chunk.length - fits, Math.min(this.#bytes, MAX_BLOCK_BYTES));
    this.#share.take(size);
    this.#blocks.push(Buffer.allocUnsafeSlow(size));
    this.#free = size;
    this.#append(chunk.subarray(fits));
  }

  #append(bytes: Uint8Array): void {
    const last = this.#blocks.at(-1);
    last?.set(bytes, last.length - this.#free);
    this.#free -= bytes.length;
    this.#bytes += bytes.length;
  }

  sha256(): Buffer {
    const hash = createHash("sha256");
    for (const block of this.filled()) hash.update(block);
    return hash.digest();
  }

  *filled(): Generator<Uint8Array> {
    const last = this.#blocks.at(-1);
    for (const block of this.#blocks) {
      yield block === last ? block.subarray(0, block.length - this.#free) : block;
    }
  }
}
