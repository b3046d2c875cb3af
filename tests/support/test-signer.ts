import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { SignerAdminService } from "@countersign/gen/countersign/signer/v1/signer_admin_service_pb.ts";
import { formatPublicKey } from "@countersign/near";
import { createLogger } from "@countersign/service-kit";
import { createSigner } from "@countersign/signer-service/app.ts";
import type { Backend } from "@countersign/signer-service/backends/backend.ts";
import { KeystoreKey } from "@countersign/signer-service/backends/keystore/keystore-key.ts";
import { loadSignerConfig } from "@countersign/signer-service/config.ts";
import type { KeyBackend } from "@countersign/signer-service/relayer-signer/key-backend.ts";
import { openPolicy, type SignerSettings, signerSettings } from "./signer-settings.ts";

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
  const publicKey = formatPublicKey(await new KeystoreKey(privateKey).publicKey());
  return { keyId, accountId, publicKey, privateKey };
}

/** A real signer in this process, on Unix sockets. */
export interface TestSigner {
  readonly socketPath: string;
  /** The operators' side of it. */
  readonly admin: Client<typeof SignerAdminService>;
  /** Takes these sections of its configuration over in place of what they were. */
  reload(changes: SignerSettings): Promise<void>;
  stop(): Promise<void>;
}

/** Where the keys are that a test has made itself. */
export function testBackend(
  name: string,
  keys: Awaited<ReturnType<NonNullable<Backend["heldKeys"]>>>,
): Backend {
  return {
    name,
    describe: () => "keys of a test",
    heldKeys: async () => keys,
    open: async () => {
      throw new Error("a test's backend knows its keys by name");
    },
    check: async () => {},
    close: async () => {},
  };
}

/**
 * Starts a signer with these keys unlocked, or in the places that are given. Its policies allow everything that has a
 * purpose, it asks for no grants, and the keys' nonces on the chain are taken to be 0.
 */
export async function startTestSigner(
  network: string,
  keys: readonly TestRelayerKey[],
  backendOf: (key: TestRelayerKey) => KeyBackend = ({ privateKey }) => new KeystoreKey(privateKey),
  settings: SignerSettings = {},
): Promise<TestSigner> {
  const folder = await mkdtemp(join(tmpdir(), "sig-"));
  const file = join(folder, "signer.yaml");
  const policies = Object.fromEntries(keys.map((key) => [key.keyId, openPolicy(network, key.accountId)]));
  const backends = [{ type: "keystore", name: "keystore", file: "unused", passphrase: "env:UNUSED" }];
  const all = signerSettings(folder, { backends, policies, ...settings });
  await writeFile(file, JSON.stringify(all));
  const readConfig = () => loadSignerConfig(file, { UNUSED: "unused" }).config;
  const held = keys.map((key) => {
    const { keyId, accountId } = key;
    return { keyId, network, accountId, backend: backendOf(key) };
  });
  const signer = await createSigner(readConfig(), {
    log: createLogger("signer", "error"),
    readConfig,
    openBackends: async () => [testBackend("keystore", held)],
  });
  const admin = adminOf(join(folder, "a"));
  await admin.setNonceFloors({ floors: keys.map(({ keyId }) => ({ keyId, nonce: 0n })) });
  return {
    socketPath: join(folder, "s"),
    admin,
    reload: async (changes) => {
      await writeFile(file, JSON.stringify({ ...all, ...changes }));
      await admin.reload({});
    },
    stop: async () => {
      await signer.drain();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A client of the operators' side of the signer behind a socket. */
export function adminOf(socketPath: string): Client<typeof SignerAdminService> {
  const nodeOptions = { createConnection: () => connect(socketPath) };
  return createClient(
    SignerAdminService,
    createGrpcTransport({ baseUrl: "http://signer-admin", nodeOptions }),
  );
}
