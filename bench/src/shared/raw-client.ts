import { once } from "node:events";
import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import type { DescMethod } from "@bufbuild/protobuf";

/** HTTP/2 over a Unix socket. */
export function connectToSocket(socket: string): ClientHttp2Session {
  return connectHttp2("http://signer", { createConnection: () => connect(socket) });
}

/** A call that was answered with an error. */
export class CallFailedError extends Error {
  override readonly name = "CallFailedError";
  /** Connect's, such as "unavailable". */
  readonly code: string;

  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}

/** Makes calls of one method with messages that were made before. */
export interface RawCaller {
  /** The serialized response. Throws CallFailedError for what is answered with an error, and an Error without an answer. */
  call(request: Uint8Array): Promise<Uint8Array>;
  close(): void;
}

/**
 * One connection, over which calls of one method go as Connect's do, with messages that were made before. A client that makes
 * and reads messages costs about as much as the service does for a small call, and they share the machine.
 */
export class RawClient implements RawCaller {
  readonly #session: ClientHttp2Session;
  readonly #path: string;
  readonly #headers: Readonly<Record<string, string>>;

  /** `headers` are added to each call's. */
  constructor(
    session: ClientHttp2Session,
    { parent, name }: DescMethod,
    headers: Readonly<Record<string, string>> = {},
  ) {
    this.#session = session;
    this.#headers = headers;
    this.#path = `/${parent.typeName}/${name}`;
    // A call that runs then fails, too.
    this.#session.on("error", () => undefined);
  }

  async call(request: Uint8Array): Promise<Uint8Array> {
    const stream = this.#session.request({
      ":method": "POST",
      ":path": this.#path,
      "content-type": "application/proto",
      "connect-protocol-version": "1",
      ...this.#headers,
    });
    let status: unknown;
    stream.on("response", (headers) => {
      status = headers[":status"];
    });
    const received: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => received.push(chunk));
    stream.end(request);
    await once(stream, "close");
    const response = Buffer.concat(received);
    if (status === 200) return response;
    throw new CallFailedError(
      `${this.#path} ended with HTTP status ${status}: ${response}`,
      codeOf(response),
    );
  }

  close(): void {
    this.#session.close();
  }
}

/** The code of Connect's error; empty for an answer that is none. */
export function codeOf(response: Buffer): string {
  try {
    return String(JSON.parse(response.toString()).code ?? "");
  } catch {
    return "";
  }
}

/** What a caller saw. Times in milliseconds. */
export interface LoadResult {
  /** From the first call to the last answer. */
  readonly tookMs: number;
  /** Of each call. */
  readonly callMs: readonly number[];
  /** Serialized, in the calls' order. */
  readonly responses: readonly Uint8Array[];
}
