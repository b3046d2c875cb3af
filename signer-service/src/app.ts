import { RelayerSignerService } from "@countersign/gen/countersign/signer/v1/relayer_signer_service_pb.ts";
import { createLogger, type Logger, serve, serveRpc, standardInterceptors } from "@countersign/service-kit";
import type { SignerConfig } from "./config.ts";
import { unlockKeystore } from "./keystore/keystore.ts";
import { KeystoreBackend } from "./keystore/keystore-backend.ts";
import { resolveListenOn } from "./listening/listen-on.ts";
import { createEvents } from "./observability/events.ts";
import type { HeldKey } from "./relayer-signer/key-backend.ts";
import { RelayerSigner } from "./relayer-signer/relayer-signer.ts";
import { getPublicKey } from "./rpc/get-public-key.ts";
import { listKeys } from "./rpc/list-keys.ts";
import { signTransactions } from "./rpc/sign-transactions.ts";

/** What a test may put in place of the real thing. */
export interface SignerOverrides {
  readonly log?: Logger;
  /** Instead of the keystore's keys. */
  readonly heldKeys?: readonly HeldKey[];
  /** Monotonic clock in milliseconds. */
  readonly now?: () => number;
}

/** A signer that serves. */
export interface Signer {
  /** "https://127.0.0.1:7443" or "unix:/run/countersign/signer.sock". */
  readonly address: string;
  /** Takes no more calls and lets those that run finish, at most `limits.drain_ms`; then it is closed. */
  drain(): Promise<void>;
}

/**
 * Starts a signer: unlocks its keys and serves RelayerSignerService, health and reflection. Throws an Error
 * whose message tells the operator what is wrong.
 */
export async function createSigner(config: SignerConfig, overrides: SignerOverrides = {}): Promise<Signer> {
  const log = overrides.log ?? createLogger("signer", config.log.level);
  const events = createEvents(log);
  const listen = await resolveListenOn(config.listen);
  const heldKeys = overrides.heldKeys ?? (await loadHeldKeys(config));
  const signer = await RelayerSigner.load(heldKeys);
  events.keysLoaded(heldKeys);

  const now = overrides.now ?? (() => performance.now());
  const service = serve(RelayerSignerService, {
    getPublicKey: getPublicKey(signer),
    listKeys: listKeys(signer),
    signTransactions: signTransactions(signer, events, now),
  });
  const { limits } = config;
  const stopping = new AbortController();
  const server = await serveRpc({
    listen,
    services: [service],
    interceptors: standardInterceptors(log, stopping.signal),
    limits: {
      defaultDeadlineMs: limits.default_deadline_ms,
      maxDeadlineMs: limits.max_deadline_ms,
      readMaxBytes: limits.request_max_bytes,
    },
    connections: { maxConnections: limits.max_connections },
    log,
    stopping,
  });
  server.setServing(true);
  events.listening(server.address);
  return {
    address: server.address,
    async drain() {
      events.stopping();
      await server.drain(limits.drain_ms);
      events.stopped();
    },
  };
}

/** The keys of every configured backend. Throws a KeystoreError. */
export async function loadHeldKeys(config: SignerConfig): Promise<HeldKey[]> {
  const { file, passphrase } = config.keystore;
  const unlocked = await unlockKeystore(file, passphrase);
  return unlocked.map(({ entry, privateKey }) => ({
    keyId: entry.key_id,
    network: entry.network,
    accountId: entry.account_id,
    backend: new KeystoreBackend(privateKey),
  }));
}
