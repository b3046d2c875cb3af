import { X509Certificate } from "node:crypto";
import {
  type PemFiles,
  type RpcServer,
  readPemFiles,
  samePem,
  type TlsIdentity,
} from "@countersign/service-kit";

export interface CertificateRenewalOptions {
  readonly files: PemFiles;
  /** What the server was started with. */
  readonly started: TlsIdentity;
  readonly server: Pick<RpcServer, "renewTls">;
  readonly now: () => Date;
  /** How often the files are looked at, in milliseconds. */
  readonly intervalMs: number;
  readonly onRenewed: (renewed: { expiresAt: Date }) => void;
  /** Told once of new files that cannot be used; the server goes on with the old ones. */
  readonly onFailed: (error: Error) => void;
}

/** Looks after a server's certificates while it runs. */
export interface CertificateRenewal {
  /**
   * Looks at the files now. Gives what uses them if they have changed, which does not fail; throws an Error when they
   * cannot be used.
   */
  check(): () => void;
  /** Looks no more. */
  stop(): void;
}

/** Has a server use the certificates in its files whenever those have changed, for new connections. */
export function renewCertificates(options: CertificateRenewalOptions): CertificateRenewal {
  const { files, started, server, now, intervalMs, onRenewed, onFailed } = options;
  let current = { ca: started.clientCa ?? "", cert: started.cert, key: started.key };
  let reported: string | undefined;

  function check(): () => void {
    const read = readPemFiles(files, now());
    reported = undefined;
    return () => {
      if (samePem(read, current)) return;
      server.renewTls({ clientCa: read.ca, cert: read.cert, key: read.key });
      current = read;
      onRenewed({ expiresAt: new X509Certificate(read.cert).validToDate });
    };
  }

  const timer = setInterval(() => {
    try {
      check()();
    } catch (error) {
      const { message } = error as Error;
      if (message !== reported) onFailed(error as Error);
      reported = message;
    }
  }, intervalMs);
  timer.unref();
  return { check, stop: () => clearInterval(timer) };
}
