import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";
import { ChainError } from "./chain-error.ts";
import { NearRpc, type NearRpcOptions } from "./near-rpc.ts";
import { postByUndici } from "./post-by-undici.ts";

export type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

/** A node that gives each request to the next answer, and to the last one from then on. */
export async function node(...answers: Answer[]) {
  let requests = 0;
  const server = createServer((request, response) => {
    const answer = answers[Math.min(requests++, answers.length - 1)];
    text(request).then(
      (body) => answer?.(request, response, body),
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { endpoint: { url: `http://127.0.0.1:${port}`, headers: {} }, requests: () => requests };
}

export const result =
  (value: unknown): Answer =>
  (_, response) =>
    response.end(JSON.stringify({ jsonrpc: "2.0", id: "x", result: value }));
export const rpcError =
  (error: unknown): Answer =>
  (_, response) =>
    response.end(JSON.stringify({ jsonrpc: "2.0", id: "x", error }));
export const status =
  (code: number, body = "", headers: Record<string, string> = {}): Answer =>
  (_, response) =>
    response.writeHead(code, headers).end(body);
export const destroy: Answer = (_, response) => response.destroy();
export const hang: Answer = () => undefined;

/** Reads no answer: any will do. */
export const any = { read: (answer: unknown) => answer };

type Scripted = Awaited<ReturnType<typeof node>>;

export async function rpcOver(...nodes: Pick<Scripted, "endpoint">[]) {
  return rpcWith({}, ...nodes);
}

/** Retries at once, twice; hedges nothing, unless `options` say else. */
export function rpcWith(options: Partial<NearRpcOptions>, ...nodes: Pick<Scripted, "endpoint">[]) {
  return new NearRpc({
    post: postByUndici,
    endpoints: nodes.map(({ endpoint }) => endpoint),
    timeoutMs: 20_000,
    retries: 2,
    hedgeReads: false,
    now: () => performance.now(),
    random: () => 0,
    ...options,
  });
}

export async function kindOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "answered";
  } catch (error) {
    return error instanceof ChainError ? error.kind : `${error}`;
  }
}
