import { createClient } from "@connectrpc/connect";
import { RelayerSignerService } from "@countersign/gen/countersign/signer/v1/relayer_signer_service_pb.ts";
import { type SignedRequests, signerTransport } from "@countersign/server/signer-client/signer-transport.ts";
import { readPemFiles } from "@countersign/service-kit";
import { renewCertificates } from "@countersign/signer-service/listening/certificate-renewal.ts";
import { expect, onTestFinished } from "vitest";
import type { Authority, Files } from "./authority.ts";
import {
  AUDIENCE,
  type GatedOptions,
  type GatedSigner,
  type requestKey,
  startGatedSigner,
} from "./gated-signer.ts";

/** A clock that goes on, and can be set ahead. */
export function clock() {
  let ahead = 0;
  return {
    now: () => new Date(Date.now() + ahead),
    skip(ms: number) {
      ahead += ms;
    },
  };
}

/** Long enough for the relay to look at its files again with the next call, in milliseconds. */
export const A_LOOK = 2000;

export interface TlsSigner {
  signer: GatedSigner;
  files: Files;
  renewal: ReturnType<typeof renewCertificates>;
  renewed: Date[];
  failed: string[];
}

/** A signer over TLS that looks after its certificates. */
export async function startTls(authority: Authority, options: GatedOptions = {}): Promise<TlsSigner> {
  const files = authority.issue({ name: "signer", server: true });
  const { ca, cert, key } = readPemFiles(files, new Date());
  const started = { clientCa: ca, cert, key };
  const identities = ["CN=relay-0", "CN=relay-1", "CN=relay-2", "CN=relay-3"];
  const signer = await startGatedSigner({
    ...options,
    listen: { kind: "tls", host: "localhost", port: 0, tls: started },
    auth: { mtls: { identities }, ...options.auth },
  });
  const renewed: Date[] = [];
  const failed: string[] = [];
  const renewal = renewCertificates({
    files,
    started,
    server: signer,
    now: () => new Date(),
    intervalMs: 5,
    onRenewed: ({ expiresAt }) => void renewed.push(expiresAt),
    onFailed: (error) => void failed.push(error.message),
  });
  onTestFinished(() => renewal.stop());
  return { signer, files, renewal, renewed, failed };
}

export interface RelayOptions {
  files: Files;
  now?: () => Date;
  signedRequests?: SignedRequests;
  onBadFiles?: (error: Error) => void;
}

/** The relay's own way to call a signer. */
export function relayOf(address: string, { files, now, signedRequests, onBadFiles }: RelayOptions) {
  const transport = signerTransport({
    address: { kind: "tls", url: address, tls: files },
    timeoutMs: 5000,
    signedRequests,
    now: now ?? (() => new Date()),
    onBadFiles: onBadFiles ?? ((error) => expect.unreachable(error.message)),
  });
  return createClient(RelayerSignerService, transport);
}

export const signed = (key: ReturnType<typeof requestKey>): SignedRequests => ({
  service: key.service,
  keyId: key.id,
  secret: key.secret,
  audience: AUDIENCE,
});
