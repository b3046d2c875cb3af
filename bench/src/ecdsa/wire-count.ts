import { toBinary } from "@bufbuild/protobuf";
import type { Interceptor } from "@connectrpc/connect";

/** Bytes in one direction. */
export interface Bytes {
  /** Messages of the protocol with their headers of 40 bytes, as the specification counts them. */
  protocol: number;
  /** The contract's messages around them, without HTTP's headers. */
  whole: number;
}

/** Counts a wallet's calls, and what they carry. */
export class WireCount {
  readonly calls = new Map<string, number>();
  readonly client: Bytes = { protocol: 0, whole: 0 };
  readonly relayer: Bytes = { protocol: 0, whole: 0 };
  readonly interceptor: Interceptor;

  /** @param withBytes costs a good part of what encoding a call does */
  constructor({ withBytes }: { readonly withBytes: boolean }) {
    this.interceptor = (next) => async (request) => {
      const { name, input, output } = request.method;
      this.calls.set(name, (this.calls.get(name) ?? 0) + 1);
      const response = await next(request);
      if (withBytes && !request.stream && !response.stream) {
        add(this.client, request.message, toBinary(input, request.message));
        add(this.relayer, response.message, toBinary(output, response.message));
      }
      return response;
    };
  }

  /** Calls of these methods so far. */
  count(...methods: readonly string[]): number {
    return methods.reduce((sum, method) => sum + (this.calls.get(method) ?? 0), 0);
  }
}

function add(bytes: Bytes, message: object, encoded: Uint8Array): void {
  bytes.whole += encoded.length;
  const { messages = [] } = message as { readonly messages?: readonly { readonly data: Uint8Array }[] };
  for (const { data } of messages) bytes.protocol += data.length;
}
