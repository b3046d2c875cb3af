import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatPublicKey } from "@countersign/near";
import { createLogger, Secret } from "@countersign/service-kit";
import { createSigner } from "@countersign/signer-service/app.ts";
import type { SignerConfig } from "@countersign/signer-service/config.ts";
import { KeystoreBackend } from "@countersign/signer-service/keystore/keystore-backend.ts";
import type { KeyBackend } from "@countersign/signer-service/relayer-signer/key-backend.ts";

/** A relayer's key that a test signer holds. */
export interface TestRelayerKey {
  readonly keyId: string;
  readonly accountId: string;
  readonly publicKey: string;
  readonly privateKey: KeyObject;
}

/** A fresh relayer key. */
export async function relayerKey(keyId: string, accountId: string): Promise<TestRelayerKey> {
  const { privateKey } = generateKeyPairSync("ed25519");
  const publicKey = formatPublicKey(await new KeystoreBackend(privateKey).publicKey());
  return { keyId, accountId, publicKey, privateKey };
}

/** A real signer in this process, on a Unix socket, with these keys unlocked, or in the places that are given. */
export async function startTestSigner(
  network: string,
  keys: readonly TestRelayerKey[],
  backendOf: (key: TestRelayerKey) => KeyBackend = ({ privateKey }) => new KeystoreBackend(privateKey),
): Promise<{ socketPath: string; stop: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "sig-"));
  const socketPath = join(folder, "s");
  const config: SignerConfig = {
    listen: { kind: "unix", path: socketPath },
    keystore: { file: "unused", passphrase: new Secret("unused") as SignerConfig["keystore"]["passphrase"] },
    log: { level: "error" },
    limits: {
      request_max_bytes: 13_631_488,
      default_deadline_ms: 10_000,
      max_deadline_ms: 60_000,
      max_connections: 64,
      drain_ms: 1_000,
    },
  };
  const signer = await createSigner(config, {
    log: createLogger("signer", "error"),
    heldKeys: keys.map((key) => ({
      keyId: key.keyId,
      network,
      accountId: key.accountId,
      backend: backendOf(key),
    })),
  });
  return {
    socketPath,
    stop: async () => {
      await signer.drain();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
