import type { ServiceImpl } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";
import {
  type ConnectionLimits,
  createLogger,
  DomainError,
  type Gate,
  type HttpFilter,
  type ListenOn,
  type RpcServer,
  type RpcServerOptions,
  serve,
  serveRpc,
  standardInterceptors,
} from "@countersign/service-kit";
import { onTestFinished } from "vitest";

type RelayImpl = ServiceImpl<typeof RelayService>;

/** A RelayService of a few lines: what it does is beside the point, how its calls travel is tested. */
export const smallRelay: RelayImpl = {
  submitDelegate: (request) => ({ submission: { id: `sub_${request.signedDelegate.length}` } }),
  submitDelegates: (request) => ({
    results: request.delegates.map(({ signedDelegate }) => ({
      result: { case: "submission", value: { id: `sub_${signedDelegate.length}` } },
    })),
  }),
  createAccount: () => {
    throw new DomainError(ErrorReason.ACCOUNT_CREATION_DISABLED, "this relay creates no accounts");
  },
  getSubmission: (request) => ({ submission: { id: request.submissionId } }),
  listSubmissions: () => ({ nextPageToken: "next" }),
  async *watchSubmission(request) {
    yield { cursor: "1", submission: { id: request.submissionId } };
    yield { cursor: "2", submission: { id: request.submissionId } };
  },
  checkDelegate: () => {
    throw new Error("a secret stands in this message");
  },
  getTransaction: () => {
    throw new DomainError(ErrorReason.CHAIN_UNAVAILABLE, "no endpoint answered", { retryAfterMs: 2500 });
  },
  getRelayInfo: () => ({ network: "testnet", contractVersion: "0.1.0" }),
};

export interface SmallRelayOptions {
  readonly implementation?: Partial<RelayImpl>;
  readonly listen?: ListenOn;
  readonly connections?: Partial<ConnectionLimits>;
  readonly defaultDeadlineMs?: number;
  readonly bodiesMaxBytes?: number;
  readonly filter?: HttpFilter;
  readonly gate?: Gate;
  readonly onUnread?: NonNullable<RpcServerOptions["onUnread"]>;
}

export interface SmallRelay extends RpcServer {
  /** What was logged, a line each. */
  readonly lines: string[];
}

/** Starts it on a free port; it is drained when the test ends. */
export async function startSmallRelay(options: SmallRelayOptions = {}): Promise<SmallRelay> {
  const lines: string[] = [];
  const log = createLogger("relay", "debug", { write: (line) => void lines.push(line) });
  const stopping = new AbortController();
  const server = await serveRpc({
    listen: options.listen ?? { kind: "tcp", host: "127.0.0.1", port: 0 },
    services: [serve(RelayService, { ...smallRelay, ...options.implementation })],
    interceptors: standardInterceptors(log, stopping.signal),
    limits: {
      defaultDeadlineMs: options.defaultDeadlineMs ?? 10_000,
      maxDeadlineMs: 60_000,
      readMaxBytes: 262_144,
      ...(options.bodiesMaxBytes === undefined ? {} : { bodiesMaxBytes: options.bodiesMaxBytes }),
    },
    log,
    stopping,
    ...(options.connections === undefined ? {} : { connections: options.connections }),
    ...(options.filter === undefined ? {} : { filter: options.filter }),
    ...(options.gate === undefined ? {} : { gate: options.gate }),
    ...(options.onUnread === undefined ? {} : { onUnread: options.onUnread }),
  });
  server.setServing(true);
  onTestFinished(() => server.drain(0));
  return { ...server, lines };
}

/** For calls that must fail: `call.then(unexpected, errorFromConnect)`. */
export function unexpected(): never {
  throw new Error("the call should have failed");
}
