import { NETWORK, type StackMore } from "../stack.ts";
import { TENANT } from "../tenant.ts";
import { EVM_CHAIN_ID } from "./evm-chain.ts";
import { secret } from "./secrets.ts";
import { CLIENT_SECRET_NAME, RP_ID } from "./wallet-tenant.ts";

/** 1 ether, in wei. */
const ETHER = `1${"0".repeat(18)}`;

/** What a signer and a relay need for a wallet: threshold keys, locks, sessions and pages that may call. */
export function walletSections(of: {
  readonly origin: string;
  readonly relayPort: number;
  readonly clientSecret: string;
}): StackMore {
  const { origin, relayPort, clientSecret } = of;
  const transfers = { recipient: "any", selectors: ["0x"], max_value: ETHER };
  const threshold = {
    sealing_keys: ["env:DEMO_SEALING_KEY"],
    master_secrets: [
      { network: NETWORK, epoch: 1, secret: "env:DEMO_MASTER_ED25519" },
      {
        scheme: "threshold-secp256k1-ecdsa-2p-v1",
        network: NETWORK,
        epoch: 1,
        secret: "env:DEMO_MASTER_ECDSA",
      },
    ],
    tenants: [
      {
        tenant: TENANT,
        relying_parties: [{ id: RP_ID, origins: [origin] }],
        export: true,
        evm: { chains: [{ chain_id: EVM_CHAIN_ID, calls: [transfers] }], messages: true },
      },
    ],
  };
  return {
    signer: {
      config: { threshold, lock: { sealing_keys: ["env:DEMO_LOCK_SEALING_KEY"] } },
      env: {
        DEMO_SEALING_KEY: secret(),
        DEMO_MASTER_ED25519: secret(),
        DEMO_MASTER_ECDSA: secret(),
        DEMO_LOCK_SEALING_KEY: secret(),
      },
    },
    relay: {
      config: {
        listen: { port: relayPort },
        cors: { origins: [origin] },
        session: {
          issuer: `http://127.0.0.1:${relayPort}`,
          audience: "countersign-demo",
          signing_keys: [{ id: "demo-1", seed: "env:DEMO_APP_TOKEN_SEED" }],
          client_secrets: { [CLIENT_SECRET_NAME]: "env:DEMO_CLIENT_SECRET" },
        },
        threshold: { enabled: true },
        lock: { enabled: true },
      },
      env: { DEMO_APP_TOKEN_SEED: secret(), DEMO_CLIENT_SECRET: clientSecret },
    },
  };
}
