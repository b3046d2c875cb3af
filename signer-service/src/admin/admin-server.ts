import {
  type Gate,
  type RpcServer,
  type RpcServerOptions,
  serveRpc,
  standardInterceptors,
} from "@countersign/service-kit";
import type { AdminContext } from "./admin-context.ts";
import { adminService } from "./admin-service.ts";

export interface AdminServerOptions extends Pick<RpcServerOptions, "listen" | "admit" | "log" | "stopping"> {
  readonly context: AdminContext;
  /** Notes who calls; see access/signer-gate.ts. */
  readonly gate: Gate;
}

/** A request holds at most 512 floors; making a key in an HSM or a cloud takes its time. Bytes and milliseconds. */
const LIMITS = { defaultDeadlineMs: 30_000, maxDeadlineMs: 120_000, readMaxBytes: 262_144 };
const MAX_CONNECTIONS = 32;

/** Serves the operators' address: SignerAdminService, health and reflection. Rejects when it cannot be had. */
export async function serveAdmin(options: AdminServerOptions): Promise<RpcServer> {
  const { context, log, stopping } = options;
  const server = await serveRpc({
    ...options,
    services: [adminService(context)],
    interceptors: standardInterceptors(log, stopping.signal),
    limits: LIMITS,
    connections: { maxConnections: MAX_CONNECTIONS },
  });
  server.setServing(true);
  return server;
}
