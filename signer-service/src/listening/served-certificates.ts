import type { ListenOn, RpcServer } from "@countersign/service-kit";
import type { SignerEvents } from "../observability/events.ts";
import { type CertificateRenewal, renewCertificates } from "./certificate-renewal.ts";
import type { ListenConfig } from "./listen-schema.ts";

/** How often the files are looked at, in milliseconds. */
const INTERVAL_MS = 10_000;

/** Looks after the certificates of an address; null where there are none, on a Unix socket. */
export function servedCertificates(
  config: ListenConfig,
  listen: ListenOn,
  server: Pick<RpcServer, "renewTls" | "address">,
  events: Pick<SignerEvents, "certificatesRenewed" | "certificatesNotRenewed">,
  now: () => Date,
): CertificateRenewal | null {
  if (config.kind !== "tls" || listen.kind !== "tls") return null;
  const { address } = server;
  return renewCertificates({
    files: config.tls,
    started: listen.tls,
    server,
    now,
    intervalMs: INTERVAL_MS,
    onRenewed: ({ expiresAt }) => events.certificatesRenewed({ address, expiresAt }),
    onFailed: (error) => events.certificatesNotRenewed({ address, error }),
  });
}
