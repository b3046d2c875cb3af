import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import type { Logger } from "pino";

/** Something that the process needs to do its work. Rejects when it is not there. */
export type ReadinessCheck = (signal: AbortSignal) => Promise<unknown>;

/** Metrics as text, for example a Registry of prom-client. */
interface MetricsText {
  readonly contentType: string;
  metrics(): Promise<string>;
}

export interface OperationsServerOptions {
  /** Port 0 takes a free one. */
  readonly listen: { readonly host: string; readonly port: number };
  /** By name, as /readyz shows it. */
  readonly checks: Readonly<Record<string, ReadinessCheck>>;
  /** What is worth knowing and makes nobody less ready, for example that an operator has paused something. */
  readonly state: () => Readonly<Record<string, unknown>>;
  readonly registry: MetricsText;
  readonly log: Logger;
  /** Not ready any more once this aborts. */
  readonly stopping: AbortSignal;
}

export interface OperationsServer {
  /** Base URL. */
  readonly address: string;
  close(): Promise<void>;
}

/** A check that has no answer after this long has failed, in milliseconds. */
const CHECK_TIMEOUT_MS = 2000;

/**
 * The operators' port: /healthz (the process lives), /readyz (200 when every check passes and the process is not
 * stopping, else 503; the body names what failed, and the process's state) and /metrics (Prometheus).
 */
export async function serveOperations(options: OperationsServerOptions): Promise<OperationsServer> {
  const { checks, state, registry, log, stopping } = options;

  async function failedChecks(): Promise<string[]> {
    const failed = await Promise.all(
      Object.entries(checks).map(async ([name, check]) => {
        try {
          await bounded(check);
          return [];
        } catch (error) {
          log.warn({ check: name, err: error }, "not ready");
          return [name];
        }
      }),
    );
    return stopping.aborted ? ["stopping", ...failed.flat()] : failed.flat();
  }

  async function answer(path: string): Promise<{ status: number; type: string; body: string }> {
    switch (path) {
      case "/healthz":
        return { status: 200, type: "text/plain", body: "ok\n" };
      case "/readyz": {
        const failed = await failedChecks();
        const body = `${JSON.stringify({ ready: failed.length === 0, failed, state: state() })}\n`;
        return { status: failed.length === 0 ? 200 : 503, type: "application/json", body };
      }
      case "/metrics":
        return { status: 200, type: registry.contentType, body: await registry.metrics() };
      default:
        return { status: 404, type: "text/plain", body: "not found\n" };
    }
  }

  const server = http.createServer({ headersTimeout: 5000, requestTimeout: 5000 }, (request, response) => {
    response.on("error", () => undefined);
    answer(request.url?.split("?", 1)[0] ?? "")
      .catch((error: unknown) => {
        log.error({ err: error }, "operations request failed");
        return { status: 500, type: "text/plain", body: "internal error\n" };
      })
      .then(({ status, type, body }) => {
        response.writeHead(status, { "content-type": type });
        response.end(body);
      });
  });
  server.maxConnections = 64;
  server.listen(options.listen.port, options.listen.host);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const host = options.listen.host.includes(":") ? `[${options.listen.host}]` : options.listen.host;
  return {
    address: `http://${host}:${port}`,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function bounded(check: ReadinessCheck): Promise<void> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new Error("no answer in time");
      controller.abort(error);
      reject(error);
    }, CHECK_TIMEOUT_MS);
  });
  try {
    await Promise.race([check(controller.signal), expired]);
  } finally {
    clearTimeout(timer);
  }
}
