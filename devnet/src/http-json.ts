import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Largest request that is read, in bytes: `limits_config.json_payload_max_size` of nearcore's RPC. */
const MAX_BODY_BYTES = 10 * 1024 * 1024;

export interface JsonServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** Answers POSTs of JSON. `port` 0 takes a free one. */
export async function serveJson(
  host: string,
  port: number,
  handle: (body: unknown, response: ServerResponse) => Promise<void>,
): Promise<JsonServer> {
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    response.on("error", () => undefined);
    readJson(request)
      .then((body) => (body === undefined ? void refuse(response) : handle(body.json, response)))
      .catch(() => response.destroy());
  });
  server.listen(port, host);
  await once(server, "listening");
  const address = server.address() as AddressInfo;
  return {
    url: `http://${host}:${address.port}`,
    async stop() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The request's body, or undefined when it is too large or no JSON. */
async function readJson(request: IncomingMessage): Promise<{ readonly json: unknown } | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  try {
    return { json: JSON.parse(Buffer.concat(chunks).toString("utf8")) };
  } catch {
    return undefined;
  }
}

function refuse(response: ServerResponse): void {
  response.writeHead(400, { connection: "close" }).end("Json deserialize error");
}

export function answerJson(response: ServerResponse, body: unknown, status = 200): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
  });
  response.end(text);
}
