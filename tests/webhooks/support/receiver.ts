import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import type { DevCerts } from "../../../scripts/dev-certs.ts";

/** A POST that a receiver got. */
export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What a receiver does with a POST; by default it answers with status 200. */
export type Answer = (request: Received, response: ServerResponse) => void;

/** Somebody who is told of outcomes, at a real server of this process. */
export interface Receiver {
  /** Without a path. */
  readonly url: string;
  readonly port: number;
  readonly received: readonly Received[];
  /** Replaces what it does. */
  answer: Answer;
  /** Resolves once it has received this many. */
  got(count: number): Promise<readonly Received[]>;
}

export const ok: Answer = (_, response) => void response.end();

export const status =
  (code: number, headers: Record<string, string> = {}): Answer =>
  (_, response) =>
    void response.writeHead(code, headers).end();

/** Starts one, over TLS with certificates; it ends with the test. */
export async function startReceiver(
  answer: Answer = ok,
  { certs, host = "127.0.0.1", port = 0 }: { certs?: DevCerts; host?: string; port?: number } = {},
): Promise<Receiver> {
  const received: Received[] = [];
  const waiting = new Set<() => void>();
  const handle = async (request: AsyncIterable<Buffer>, path: string, headers: IncomingHttpHeaders) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    return { path, headers, body: Buffer.concat(chunks).toString("utf8") };
  };
  const receiver = { answer };
  const server =
    certs === undefined
      ? createServer()
      : createHttpsServer({ cert: readFileSync(certs.serverCert), key: readFileSync(certs.serverKey) });
  server.on("request", async (request, response) => {
    const got = await handle(request, request.url ?? "", request.headers);
    received.push(got);
    receiver.answer(got, response);
    for (const look of waiting) look();
  });
  server.listen(port, host);
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const bound = (server.address() as AddressInfo).port;
  return Object.assign(receiver, {
    url: `${certs === undefined ? "http" : "https"}://${certs === undefined ? host : "localhost"}:${bound}`,
    port: bound,
    received,
    got(count: number) {
      const { promise, resolve } = Promise.withResolvers<readonly Received[]>();
      const look = () => {
        if (received.length >= count) resolve(received);
      };
      waiting.add(look);
      look();
      return promise.finally(() => waiting.delete(look));
    },
  });
}
