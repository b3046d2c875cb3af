import { once } from "node:events";
import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { performance } from "node:perf_hooks";
import { RelayerSignerService } from "@countersign/gen/countersign/signer/v1/relayer_signer_service_pb.ts";

const { signTransactions } = RelayerSignerService.method;

/**
 * One connection to a signer's socket, over which calls of SignTransactions go as the relay's do (Connect), ready made as bytes. A client that makes and reads
 * messages costs about as much as the signer does for a call of one transaction, and they share the machine.
 */
export class RawSignerClient {
  readonly #session: ClientHttp2Session;

  constructor(socket: string) {
    this.#session = connectHttp2("http://signer", { createConnection: () => connect(socket) });
    // A call that runs then fails, too.
    this.#session.on("error", () => undefined);
  }

  /** The serialized response. Throws an Error for a call that failed. */
  async call(request: Uint8Array): Promise<Uint8Array> {
    const stream = this.#session.request({
      ":method": "POST",
      ":path": `/${signTransactions.parent.typeName}/${signTransactions.name}`,
      "content-type": "application/proto",
      "connect-protocol-version": "1",
    });
    let status: unknown;
    stream.on("response", (headers) => {
      status = headers[":status"];
    });
    const received: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => received.push(chunk));
    stream.end(request);
    await once(stream, "close");
    if (status !== 200) throw new Error(`a call of the signer ended with HTTP status ${status}`);
    return Buffer.concat(received);
  }

  close(): void {
    this.#session.close();
  }
}

/** What the caller saw. Times in milliseconds. */
export interface LoadResult {
  /** From the first call to the last answer. */
  readonly tookMs: number;
  /** Of each call. */
  readonly callMs: readonly number[];
  /** Serialized, in the calls' order. */
  readonly responses: readonly Uint8Array[];
}

/** Makes every call once, `inFlight` at a time. Throws what the first call throws that fails. */
export async function makeAll(
  client: RawSignerClient,
  requests: readonly Uint8Array[],
  inFlight: number,
): Promise<LoadResult> {
  const callMs: number[] = [];
  const responses: Uint8Array[] = [];
  const start = performance.now();
  let next = 0;

  async function caller(): Promise<void> {
    while (next < requests.length) {
      const i = next++;
      const called = performance.now();
      responses[i] = await client.call(requests[i] as Uint8Array);
      callMs.push(performance.now() - called);
    }
  }

  await Promise.all(Array.from({ length: inFlight }, caller));
  return { tookMs: performance.now() - start, callMs, responses };
}
