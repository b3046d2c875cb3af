import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import { ChainError } from "./chain-error.ts";
import { NearRpc } from "./near-rpc.ts";

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A node that gives each request to the next answer, and to the last one from then on. */
export async function node(...answers: Answer[]) {
  let requests = 0;
  const server = createServer((request, response) => {
    const answer = answers[Math.min(requests++, answers.length - 1)];
    request.resume().on("end", () => answer?.(request, response));
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
  (code: number, body = ""): Answer =>
  (_, response) =>
    response.writeHead(code).end(body);
export const destroy: Answer = (_, response) => response.destroy();
export const hang: Answer = () => undefined;

export async function rpcOver(...nodes: { endpoint: { url: string; headers: object } }[]) {
  return new NearRpc({
    endpoints: nodes.map(({ endpoint }) => ({ url: endpoint.url, headers: {} })),
    timeoutMs: 500,
    retries: 2,
    random: () => 0,
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
