import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
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
  /** In which the whole body must be there, in milliseconds; undefined for as long as it takes. */
  readonly timeoutMs: number | undefined;
  /** Pays for the body, until whoever opened it gives it back. */
  readonly share: BodyShare;
}

/** Each message of a stream stands in an envelope of five bytes; more than a few messages do not stand together. */
const ENVELOPES_BYTES = 1024;

/**
 * The body of a request, handed on once it is there whole and, where the gate asked for it, checked. Nothing of it is read
 * before it is asked for: after the gate has let the call in. Fails with REQUEST_TOO_LARGE when it is larger than
 * `maxBytes` and its envelopes, with OVERLOADED when there is no room for it, and with DEADLINE_EXCEEDED when it has not
 * arrived in time: a caller that sends a byte now and then must not hold a call open. A body that fails is given back at
 * once, and the rest of it is let run off rather than destroyed: with HTTP/1.1 that would take the connection away under
 * the answer that says what was wrong.
 *
 * No generator: every call goes through here, and a chain of them costs more than what they carry.
 */
export function receivedBody(body: Readable, terms: BodyTerms): AsyncIterable<Uint8Array> {
  let chunks: Iterator<Uint8Array> | undefined;
  const iterator = {
    async next(): Promise<IteratorResult<Uint8Array>> {
      chunks ??= (await receive(body, terms))[Symbol.iterator]();
      return chunks.next();
    },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}

/**
 * The body of a stream of requests, as it comes: one message at a time is in memory. Where the gate asked for a check it is
 * received whole first.
 */
export async function* streamedBody(
  body: Readable,
  terms: Omit<BodyTerms, "timeoutMs">,
): AsyncGenerator<Uint8Array> {
  if (terms.values.get(bodyCheckKey) === undefined) yield* body;
  else yield* receivedBody(body, { ...terms, timeoutMs: undefined });
}

function receive(
  body: Readable,
  { values, maxBytes, timeoutMs, share }: BodyTerms,
): Promise<Iterable<Uint8Array>> {
  const blocks = new Blocks(share);
  return new Promise((resolve, reject) => {
    const onData = (chunk: Uint8Array) => {
      try {
        if (blocks.bytes + chunk.length > maxBytes + ENVELOPES_BYTES) {
          throw new ConnectError(`the body is larger than ${maxBytes} bytes`, Code.ResourceExhausted);
        }
        blocks.add(chunk);
      } catch (error) {
        fail(error);
      }
    };
    const onEnd = () => {
      try {
        values.get(bodyCheckKey)?.(blocks.sha256());
      } catch (error) {
        return fail(error);
      }
      stop();
      resolve(blocks.filled());
    };
    const onClose = () => fail(new ConnectError("the caller has left", Code.Canceled));
    const fail = (error: unknown) => {
      stop();
      body.resume();
      share.giveBack();
      reject(error instanceof ConnectError ? error : toConnectError(error, values.get(requestIdKey)));
    };
    const expire = () => fail(new ConnectError("the request did not arrive in time", Code.DeadlineExceeded));
    const timer = timeoutMs === undefined ? undefined : setTimeout(expire, timeoutMs);
    const stop = () => {
      clearTimeout(timer);
      body.off("data", onData).off("end", onEnd).off("error", fail).off("close", onClose);
    };
    // One that has ended before says so no more.
    if (body.destroyed) return fail(body.errored ?? new ConnectError("the caller has left", Code.Canceled));
    body.on("data", onData).on("end", onEnd).on("error", fail).on("close", onClose);
  });
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
