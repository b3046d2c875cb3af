import { type Client, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { EcdsaSigningService } from "@countersign/gen/countersign/threshold/v1/ecdsa_service_pb.ts";
import { Ed25519SigningService } from "@countersign/gen/countersign/threshold/v1/ed25519_service_pb.ts";
import { ThresholdKeyService } from "@countersign/gen/countersign/threshold/v1/threshold_key_service_pb.ts";
import { type Caller, setCaller } from "@countersign/server/access/caller.ts";
import { userCaller } from "@countersign/server/access/callers.ts";
import { createEvents } from "@countersign/server/observability/events.ts";
import { createMetrics, createProcessRegistry } from "@countersign/server/observability/metrics.ts";
import type { SignInSettings } from "@countersign/server/session/ports.ts";
import type { SignerFailure } from "@countersign/server/signer-client/signer-client.ts";
import { signerTransport } from "@countersign/server/signer-client/signer-transport.ts";
import { ThresholdSigner } from "@countersign/server/signer-client/threshold-signer.ts";
import { ecdsaSigningService } from "@countersign/server/threshold/ecdsa-signing-service.ts";
import { ed25519SigningService } from "@countersign/server/threshold/ed25519-signing-service.ts";
import type { ThresholdContext } from "@countersign/server/threshold/threshold-context.ts";
import { thresholdKeyService } from "@countersign/server/threshold/threshold-key-service.ts";
import { servePublic } from "@countersign/server/transport/public-server.ts";
import { createLogger, serve } from "@countersign/service-kit";
import { onTestFinished } from "vitest";
import { type ScriptedThresholdSigner, startScriptedThresholdSigner } from "./scripted-threshold-signer.ts";

/** What the relay's tenant says of its users' sign-in. */
export const SIGN_IN: SignInSettings = {
  relyingParties: [
    {
      id: "wallet.example",
      name: "Wallet",
      origins: ["https://wallet.example"],
      userVerificationOptional: false,
    },
  ],
  providers: [],
  scopes: ["threshold"],
};

export interface ThresholdRelayOptions {
  readonly context?: Partial<ThresholdContext>;
  /** Who calls; user "u_alice" of tenant "acme" without. */
  readonly caller?: Caller;
  readonly signer?: ScriptedThresholdSigner;
}

/** The relay's public server with the threshold services alone, before a scripted signer over real HTTP/2. */
export interface ThresholdRelay {
  readonly address: string;
  readonly keys: Client<typeof ThresholdKeyService>;
  readonly ed25519: Client<typeof Ed25519SigningService>;
  readonly ecdsa: Client<typeof EcdsaSigningService>;
  readonly signer: ScriptedThresholdSigner;
  readonly failures: SignerFailure[];
  /** All that was logged. */
  log(): string;
}

/** Starts it until the test ends. */
export async function startThresholdRelay(options: ThresholdRelayOptions = {}): Promise<ThresholdRelay> {
  const signer = options.signer ?? (await startScriptedThresholdSigner());
  const lines: string[] = [];
  const failures: SignerFailure[] = [];
  const log = createLogger("relay", "trace", { write: (line) => void lines.push(line) });
  const events = createEvents(log, createMetrics(createProcessRegistry()));
  const transport = signerTransport({
    address: { kind: "unix", path: signer.socketPath },
    timeoutMs: 5_000,
    now: () => new Date(),
    onBadFiles: (error) => {
      throw error;
    },
  });
  const context: ThresholdContext = {
    enabled: true,
    network: "testnet",
    foreignSuffixes: [".near"],
    signer: new ThresholdSigner(transport, (failure) => {
      failures.push(failure);
      events.signerCallFailed(failure);
    }),
    signerTimeoutMs: 5_000,
    users: undefined,
    signIn: () => SIGN_IN,
    withdrawal: () => undefined,
    ...options.context,
  };
  const caller = options.caller ?? userCaller("acme", "u_alice", ["threshold"]);
  const server = await servePublic({
    listen: { host: "127.0.0.1", port: 0 },
    cors: { isListed: () => false, credentials: false },
    filters: [],
    gate: async ({ values }) => setCaller(values, caller),
    interceptors: [],
    limits: {
      defaultDeadlineMs: 10_000,
      maxDeadlineMs: 60_000,
      readMaxBytes: 262_144,
      maxConnections: 100,
      maxRunningCalls: 100,
    },
    services: [
      serve(ThresholdKeyService, thresholdKeyService(context)),
      serve(Ed25519SigningService, ed25519SigningService(context)),
      serve(EcdsaSigningService, ecdsaSigningService(context)),
    ],
    events,
    log,
    stopping: new AbortController(),
  });
  onTestFinished(() => server.drain(0));
  const wallet = createGrpcTransport({ baseUrl: server.address });
  return {
    address: server.address,
    keys: createClient(ThresholdKeyService, wallet),
    ed25519: createClient(Ed25519SigningService, wallet),
    ecdsa: createClient(EcdsaSigningService, wallet),
    signer,
    failures,
    log: () => lines.join(""),
  };
}
