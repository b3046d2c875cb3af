import type { Logger } from "@countersign/service-kit";
import type { RequestNonces } from "../access/request-nonces.ts";
import { createSignerGate, type RefusedPeer } from "../access/signer-gate.ts";
import type { SignerConfig } from "../config.ts";
import type { FollowsConfig } from "../follow-config.ts";
import { resolveListenOn } from "../listening/listen-on.ts";
import { servedCertificates } from "../listening/served-certificates.ts";
import type { SignerEvents } from "../observability/events.ts";
import type { AdminContext } from "./admin-context.ts";
import { serveAdmin } from "./admin-server.ts";

export interface OpenAdminOptions {
  readonly config: Pick<SignerConfig, "admin" | "network" | "audience">;
  readonly context: AdminContext;
  readonly requestNonces: RequestNonces;
  readonly events: SignerEvents;
  readonly onRefused: (refused: RefusedPeer) => void;
  readonly now: () => Date;
  readonly log: Logger;
  readonly stopping: AbortController;
}

/** The operators' address, open. */
export interface OpenAdmin {
  readonly address: string;
  /** Follows the network, from the next call on, and the certificates' files. */
  readonly follow: FollowsConfig;
  drain(boundMs: number): Promise<void>;
}

/** Serves SignerAdminService where the configuration says so; null where it says nothing. */
export async function openAdmin(options: OpenAdminOptions): Promise<OpenAdmin | null> {
  const { config, context, requestNonces, events, onRefused, now, log, stopping } = options;
  const { admin, network, audience } = config;
  if (admin === undefined) return null;
  const listen = await resolveListenOn(admin.listen, now());
  const auth = admin.identities.length === 0 ? {} : { mtls: { identities: admin.identities } };
  const gate = createSignerGate({ auth, network, audience, requestNonces, now, onRefused });
  const server = await serveAdmin({
    listen,
    gate: gate.gate,
    admit: gate.admit,
    context,
    log,
    stopping,
  });
  const certificates = servedCertificates(admin.listen, listen, server, events, now);
  return {
    address: server.address,
    follow({ network }) {
      const renew = certificates?.check();
      return () => {
        gate.replace({ auth, network, audience });
        renew?.();
      };
    },
    async drain(boundMs) {
      certificates?.stop();
      await server.drain(boundMs);
    },
  };
}
