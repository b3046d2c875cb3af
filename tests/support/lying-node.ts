import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** What a lying node does with a call: the real answer, possibly altered; "drop" closes after the node acted. */
export type Lie = (call: {
  readonly method: string;
  readonly params: Record<string, unknown>;
  readonly honest: () => Promise<RpcAnswer>;
}) => Promise<RpcAnswer | "drop">;

// biome-ignore lint/suspicious/noExplicitAny: answers of every shape are altered
type RpcAnswer = { result?: any; error?: unknown };

/** A node that stands before an honest one and answers what it likes. */
export async function startLyingNode(
  honestUrl: string,
  lie: Lie,
): Promise<{ url: string; stop: () => Promise<void> }> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString("utf8");
    const { method, params, id } = JSON.parse(body) as {
      method: string;
      params: Record<string, unknown>;
      id: unknown;
    };
    const honest = async () => {
      const answer = await fetch(honestUrl, {
        method: "POST",
        body,
        headers: { "content-type": "application/json" },
      });
      return (await answer.json()) as RpcAnswer;
    };
    const answer = await lie({ method, params, honest }).catch(() => "drop" as const);
    if (answer === "drop") response.destroy();
    else response.end(JSON.stringify({ ...answer, jsonrpc: "2.0", id }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
