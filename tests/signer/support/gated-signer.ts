import { createClient, type HandlerContext, type Transport } from "@connectrpc/connect";
import { RelayerSignerService } from "@countersign/gen/countersign/signer/v1/relayer_signer_service_pb.ts";
import {
  ConfigSecret,
  createLogger,
  type ListenOn,
  type RpcServer,
  serve,
  serveRpc,
  standardInterceptors,
} from "@countersign/service-kit";
import type { AuthConfig, NetworkConfig } from "@countersign/signer-service/access/access-schema.ts";
import type { RequestNonces } from "@countersign/signer-service/access/request-nonces.ts";
import {
  callerKey,
  createSignerGate,
  type RefusedPeer,
  type SignerAccess,
} from "@countersign/signer-service/access/signer-gate.ts";
import { onTestFinished } from "vitest";

export const AUDIENCE = "signer-a";

/** The key "k1" of service "relay", or another one. */
export function requestKey(id = "k1", service = "relay") {
  return { id, service, secret: new ConfigSecret(`${id} of ${service}`.padEnd(32, "."), "env:KEY") };
}

export const signedBy = (...keys: ReturnType<typeof requestKey>[]): AuthConfig => ({
  signed_requests: { keys, max_skew_ms: 30_000 },
});

/** Nonces that outlive a signer, as those in a store do. */
export class KeptNonces implements RequestNonces {
  readonly kept = new Map<string, Date>();

  async claim(keyId: string, nonce: string, expiresAt: Date): Promise<boolean> {
    const entry = `${keyId} ${nonce}`;
    if (this.kept.has(entry)) return false;
    this.kept.set(entry, expiresAt);
    return true;
  }
}

export interface GatedOptions {
  listen?: ListenOn;
  auth?: AuthConfig;
  network?: NetworkConfig;
  nonces?: RequestNonces;
  now?: () => Date;
  /** What SignTransactions waits for. */
  held?: Promise<void>;
}

export interface GatedSigner extends RpcServer {
  /** Who called, a name for each call that got as far as the service. */
  readonly served: string[];
  readonly refused: RefusedPeer[];
  replace(access: Partial<SignerAccess>): void;
}

/** A RelayerSignerService that signs nothing, behind the signer's gate; drained when the test ends. */
export async function startGatedSigner(options: GatedOptions = {}): Promise<GatedSigner> {
  const access = {
    auth: options.auth ?? {},
    network: options.network ?? { trusted_proxies: [] },
    audience: AUDIENCE,
  };
  const served: string[] = [];
  const refused: RefusedPeer[] = [];
  const gate = createSignerGate({
    ...access,
    requestNonces: options.nonces ?? new KeptNonces(),
    now: options.now ?? (() => new Date()),
    onRefused: (r) => void refused.push(r),
  });
  const log = createLogger("signer", "silent");
  const stopping = new AbortController();
  const note = ({ values }: HandlerContext) => {
    served.push(values.get(callerKey));
    return {};
  };
  const server = await serveRpc({
    listen: options.listen ?? { kind: "tcp", host: "localhost", port: 0 },
    services: [
      serve(RelayerSignerService, {
        getPublicKey: (_, context) => note(context),
        listKeys: (_, context) => note(context),
        signTransactions: async ({ transactions }, context) => {
          note(context);
          await options.held;
          return { results: transactions.map(() => ({})) };
        },
      }),
    ],
    interceptors: standardInterceptors(log, stopping.signal),
    limits: { defaultDeadlineMs: 10_000, maxDeadlineMs: 60_000, readMaxBytes: 1_048_576 },
    admit: gate.admit,
    gate: gate.gate,
    log,
    stopping,
  });
  server.setServing(true);
  onTestFinished(() => server.drain(1000));
  return { ...server, served, refused, replace: (changed) => gate.replace({ ...access, ...changed }) };
}

export const signerClient = (transport: Transport) => createClient(RelayerSignerService, transport);
