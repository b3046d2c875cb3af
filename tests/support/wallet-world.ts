import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ECDSA_SCHEME } from "@countersign/signer-service/threshold/schemes/scheme-ids.ts";
import { NETWORK, startTestRelay, type TestRelay } from "./test-relay.ts";
import { OPEN_POLICY } from "./test-tenant.ts";

/** The tenant of a wallet world. */
export const WALLET_TENANT = "wallets";

export interface WalletWorldOptions {
  /** The relying party of the wallet's passkeys. */
  readonly rpId: string;
  /** Where the wallet's page is from. */
  readonly origin: string;
  /** What wallets may have signed for EVM chains, as the signer's configuration has it; nothing if absent. */
  readonly evm?: object;
  /** More of the signer's section `threshold`. */
  readonly threshold?: object;
  /** More of the relay's section `session`. */
  readonly session?: object;
}

/** Relay, signer and chain, all real, for wallets that sign in with passkeys and have threshold keys. */
export interface WalletWorld extends Pick<TestRelay, "devnet" | "restart"> {
  readonly relayUrl: string;
  stop(): Promise<void>;
}

/** Starts it, with `WALLET_TENANT`, whose users may do all that a wallet does. */
export async function startWalletWorld(options: WalletWorldOptions): Promise<WalletWorld> {
  const { rpId, origin } = options;
  const folder = await mkdtemp(join(tmpdir(), "wallet-world-"));
  const secret = async (name: string) => {
    const file = join(folder, name);
    await writeFile(file, randomBytes(32).toString("hex"), { mode: 0o600 });
    return `file:${file}`;
  };
  const threshold = {
    sealing_keys: [await secret("sealing-key")],
    master_secrets: [
      { network: NETWORK, epoch: 1, secret: await secret("master-secret") },
      { scheme: ECDSA_SCHEME, network: NETWORK, epoch: 1, secret: await secret("master-secret-ecdsa") },
    ],
    tenants: [
      { tenant: WALLET_TENANT, relying_parties: [{ id: rpId, origins: [origin] }], evm: options.evm },
    ],
    ...options.threshold,
  };
  const session = {
    issuer: "https://relay.example",
    signing_keys: [{ id: "k1", seed: await secret("signing-key") }],
    ...options.session,
  };
  const relay = await startTestRelay({
    signerSettings: { threshold },
    settings: { "threshold.enabled": "true", session: JSON.stringify(session) },
    tenants: [
      {
        tenant: WALLET_TENANT,
        policy: { ...OPEN_POLICY, allowedOrigins: [origin] },
        signIn: {
          relyingParties: [{ id: rpId, name: "Wallet", origins: [origin], userVerificationOptional: false }],
          providers: [],
          scopes: ["read", "submit", "accounts", "threshold"],
        },
      },
    ],
  });
  return {
    devnet: relay.devnet,
    restart: () => relay.restart(),
    get relayUrl() {
      return relay.app.address;
    },
    async stop() {
      await relay.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
