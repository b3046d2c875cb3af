import { type Logger, type ServedService, serveRpc, standardInterceptors } from "@countersign/service-kit";
import type { RequestNonces } from "../access/request-nonces.ts";
import { createSignerGate, type RefusedPeer } from "../access/signer-gate.ts";
import type { SignerConfig } from "../config.ts";
import type { FollowsConfig } from "../follow-config.ts";
import { resolveListenOn } from "../listening/listen-on.ts";
import { servedCertificates } from "../listening/served-certificates.ts";
import type { SignerEvents } from "../observability/events.ts";
import { refusedCalls } from "./refused-calls.ts";

export interface OpenRelayPortOptions {
  readonly config: Pick<SignerConfig, "listen" | "auth" | "network" | "audience" | "limits">;
  readonly services: readonly ServedService[];
  readonly requestNonces: RequestNonces;
  readonly events: SignerEvents;
  readonly onRefused: (refused: RefusedPeer) => void;
  readonly now: () => Date;
  readonly log: Logger;
  readonly stopping: AbortController;
}

/** The relays' address, open. */
export interface RelayPort {
  readonly address: string;
  /** Whether health says so. */
  setServing(serving: boolean): void;
  /** Follows who may call, from the next call on, and the certificates' files. */
  readonly follow: FollowsConfig;
  /** Takes no more calls and lets those that run finish, at most `limits.drain_ms`. */
  drain(): Promise<void>;
}

/** Serves relays. Rejects when the address cannot be had or a certificate not be read. */
export async function openRelayPort(options: OpenRelayPortOptions): Promise<RelayPort> {
  const { config, services, requestNonces, events, onRefused, now, log, stopping } = options;
  const { auth, network, audience, limits } = config;
  const gate = createSignerGate({ auth, network, audience, requestNonces, now, onRefused });
  const listen = await resolveListenOn(config.listen, now());
  const { interceptor: refusals, onUnread } = refusedCalls(onRefused);
  const server = await serveRpc({
    listen,
    admit: gate.admit,
    gate: gate.gate,
    services,
    interceptors: [refusals, ...standardInterceptors(log, stopping.signal)],
    onUnread,
    limits: {
      defaultDeadlineMs: limits.default_deadline_ms,
      maxDeadlineMs: limits.max_deadline_ms,
      readMaxBytes: limits.request_max_bytes,
      bodiesMaxBytes: limits.bodies_max_bytes,
    },
    connections: { maxConnections: limits.max_connections },
    log,
    stopping,
  });
  const certificates = servedCertificates(config.listen, listen, server, events, now);
  return {
    address: server.address,
    setServing: (serving) => server.setServing(serving),
    follow(next) {
      const renew = certificates?.check();
      return () => {
        gate.replace(next);
        renew?.();
      };
    },
    async drain() {
      certificates?.stop();
      await server.drain(limits.drain_ms);
    },
  };
}
