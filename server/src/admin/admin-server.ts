import { readFile } from "node:fs/promises";
import type { Interceptor } from "@connectrpc/connect";
import {
  type ListenOn,
  type Logger,
  type RpcServer,
  readSecret,
  serveRpc,
  standardInterceptors,
  type UnreadCall,
} from "@countersign/service-kit";
import type { AdminConfig, AdminListen } from "../config/config.ts";
import { MemoryRateLimiter } from "../shared-state/memory-rate-limiter.ts";
import type { Rate } from "../shared-state/rate-limiter.ts";
import { type AdminRefusal, adminGate } from "./admin-access.ts";
import type { AdminContext } from "./admin-context.ts";
import { adminServices } from "./admin-services.ts";
import { assertRoles } from "./method-roles.ts";

export interface AdminServerOptions {
  readonly admin: AdminConfig;
  readonly context: AdminContext;
  /** Calls with bad credentials, for each address. */
  readonly failedRate: Rate;
  /** Told of every call that was refused for its credentials or its role, for the audit log. */
  readonly onRefused: (refusal: AdminRefusal) => void;
  /** Around the standard ones, for example to measure. */
  readonly interceptors?: readonly Interceptor[];
  readonly onUnread?: (call: UnreadCall) => void;
  readonly log: Logger;
  /** Aborted when the server drains. */
  readonly stopping: AbortController;
}

/** Policies may be long; an export may take its time. Milliseconds and bytes. */
const LIMITS = { defaultDeadlineMs: 30_000, maxDeadlineMs: 3_600_000, readMaxBytes: 1_048_576 };
const MAX_CONNECTIONS = 256;

/**
 * Serves the operators' port: countersign.admin.v1 with health and reflection. Rejects when the address cannot be had,
 * a PEM file cannot be read, or a method has no role.
 */
export async function serveAdmin(options: AdminServerOptions): Promise<RpcServer> {
  const { admin, context, failedRate, onRefused, interceptors = [], onUnread, log, stopping } = options;
  const services = adminServices(context);
  assertRoles(services.map(({ service }) => service));
  const limiter = new MemoryRateLimiter(() => context.now().getTime());
  const server = await serveRpc({
    listen: await listenOn(admin.listen),
    services,
    interceptors: [...interceptors, ...standardInterceptors(log, stopping.signal)],
    gate: adminGate({ operators: admin, limiter, failedRate, onRefused }),
    limits: LIMITS,
    connections: { maxConnections: MAX_CONNECTIONS },
    ...(onUnread === undefined ? {} : { onUnread }),
    log,
    stopping,
  });
  server.setServing(true);
  return server;
}

async function listenOn(listen: AdminListen): Promise<ListenOn> {
  if (listen.kind === "unix") return listen;
  const { host, port, tls } = listen;
  if (tls === undefined) return { kind: "tcp", host, port };
  const [cert, clientCa] = await Promise.all([
    readPem(tls.certFile),
    tls.clientCaFile === undefined ? undefined : readPem(tls.clientCaFile),
  ]);
  const key = readSecret(`file:${tls.keyFile}`, {});
  return { kind: "tls", host, port, tls: { cert, key, ...(clientCa === undefined ? {} : { clientCa }) } };
}

async function readPem(file: string): Promise<string> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new Error(`${file} cannot be read (${error.code})`);
  });
  if (!text.includes("-----BEGIN CERTIFICATE-----")) throw new Error(`${file} holds no PEM certificate`);
  return text;
}
