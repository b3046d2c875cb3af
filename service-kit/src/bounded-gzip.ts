import { AsyncLocalStorage } from "node:async_hooks";
import { createGunzip } from "node:zlib";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Compression } from "@connectrpc/connect/protocol";
import { compressionGzip } from "@connectrpc/connect-node";
import type { BodyShare } from "./body-budget.ts";

/** Connect does not say whose message it decompresses; what runs within a call knows its share from here. */
const sharing = new AsyncLocalStorage<BodyShare>();

/** Runs a call, whose messages `boundedGzip` then decompresses at the expense of the share. */
export function withShare<T>(share: BodyShare, run: () => Promise<T>): Promise<T> {
  return sharing.run(share, run);
}

/**
 * Connect's gzip, but what comes out of a request counts like what came in: a thousand bytes of gzip may be a million.
 * Decompresses nothing outside of `withShare`.
 */
export const boundedGzip: Compression = {
  ...compressionGzip,
  async decompress(compressed, readMaxBytes) {
    const share = sharing.getStore();
    if (share === undefined) throw new Error("a message is decompressed outside of its call");
    if (compressed.length === 0) return new Uint8Array(0);
    const gunzip = createGunzip();
    gunzip.end(compressed);
    const chunks: Buffer[] = [];
    let bytes = 0;
    try {
      for await (const chunk of gunzip as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        if (bytes > readMaxBytes) {
          const message = `the message is larger than ${readMaxBytes} bytes after decompression`;
          throw new ConnectError(message, Code.ResourceExhausted);
        }
        share.take(chunk.length);
        chunks.push(chunk);
      }
    } catch (error) {
      if (error instanceof ConnectError) throw error;
      const message = "the message cannot be decompressed";
      throw new ConnectError(message, Code.InvalidArgument, undefined, undefined, error);
    }
    return Buffer.concat(chunks, bytes);
  },
};
