import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { ConnectError, type ConnectRouter, type ServiceImpl } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import type { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";
import { DomainError, toConnectError } from "@countersign/service-kit";

type Relay = Partial<ServiceImpl<typeof RelayService>>;

/** A Connect server over HTTP/1.1 whose relay answers as a test wants. */
export interface ScriptedRelay {
  readonly baseUrl: string;
  /** Takes the connections of all running calls away. */
  cut(): void;
  stop(): Promise<void>;
}

export async function startScriptedRelay(
  relay: Relay,
  more?: (router: ConnectRouter) => void,
): Promise<ScriptedRelay> {
  const server: Server = createServer(
    connectNodeAdapter({
      routes: (router) => {
        router.service(RelayService, relay);
        more?.(router);
      },
    }),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}`,
    cut: () => server.closeAllConnections(),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The error that a Countersign service gives for a reason. */
export function refusal(reason: ErrorReason, retryAfterMs?: number): ConnectError {
  const options = retryAfterMs === undefined ? {} : { retryAfterMs };
  return toConnectError(new DomainError(reason, "as scripted", options), "req-7");
}

/** The error of a proxy, which knows nothing of reasons. */
export function bareError(code: ConnectError["code"], headers: Record<string, string> = {}): ConnectError {
  return new ConnectError("no reason", code, headers);
}

/** Answers with the errors, one a call, then with `answer`. */
export function failing<T>(errors: readonly ConnectError[], answer: T) {
  const left = [...errors];
  const calls = { count: 0 };
  const call = (): T => {
    calls.count++;
    const error = left.shift();
    if (error !== undefined) throw error;
    return answer;
  };
  return { calls, call };
}
