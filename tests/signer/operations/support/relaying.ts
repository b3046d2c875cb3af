import type { Client } from "@connectrpc/connect";
import { type Devnet, type DevnetOptions, startDevnet } from "@countersign/devnet";
import type { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";
import { createApp } from "@countersign/server/app.ts";
import { loadRelayConfig } from "@countersign/server/config/config.ts";
import { createLogger } from "@countersign/service-kit";
import { onTestFinished } from "vitest";
import { NEAR, NETWORK, RELAYER, relayClient, relayFlags } from "../../../support/test-relay.ts";
import { type SeededTenant, seedTenants } from "../../../support/test-tenant.ts";
import { TestWallet } from "../../../support/test-wallet.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { AUDIENCE, type SignerOperator } from "./signer-operator.ts";

/** A chain on which these keys are RELAYER's, with wallets. */
export interface Chain {
  readonly devnet: Devnet;
  readonly wallets: readonly TestWallet[];
  /** Of its node. */
  readonly url: string;
}

/** Its blocks come as soon as there is work, unless the options say otherwise. */
export async function startChain(
  publicKeys: readonly string[],
  walletCount = 1,
  options: DevnetOptions = {},
): Promise<Chain> {
  const wallets = Array.from({ length: walletCount }, (_, i) => new TestWallet(`wallet-${i}.test`));
  for (const wallet of wallets) wallet.maxBlockHeight = 109_000n;
  const devnet = await startDevnet({
    blockTimeMs: 0,
    ...options,
    accounts: [
      { id: RELAYER, balance: (1_000n * NEAR).toString(), keys: publicKeys },
      { id: "guest-book.test", balance: NEAR.toString(), contract: "guest-book" },
      ...wallets.map(({ accountId: id, publicKey }) => ({ id, balance: NEAR.toString(), keys: [publicKey] })),
    ],
  });
  onTestFinished(() => devnet.stop());
  return { devnet, wallets, url: devnet.rpcUrls[0] ?? "" };
}

export interface RelayOptions {
  readonly keyIds: readonly string[];
  readonly settings?: Readonly<Record<string, string>>;
  readonly tenants?: readonly SeededTenant[];
  /** Done to the ledger before the relay opens it. */
  readonly prepare?: (ledgerUrl: string) => Promise<void>;
}

/** A relay in this process, which can be started again with other keys. */
export interface Relay {
  client(headers?: Readonly<Record<string, string>>): Client<typeof RelayService>;
  restart(keyIds: readonly string[]): Promise<void>;
}

/** Starts a relay that signs its grants for the signer. */
export async function startRelay(
  { devnet }: Chain,
  operator: SignerOperator,
  { keyIds, settings, tenants, prepare }: RelayOptions,
): Promise<Relay> {
  const folder = temporaryDirectory();
  const { d = "" } = operator.grantKey.export({ format: "jwk" });
  const seed = Buffer.from(d, "base64url").toString("hex");
  const flags = relayFlags(folder, devnet, operator.socketPath, {
    settings: {
      "signer.audience": AUDIENCE,
      "signer.grants": JSON.stringify({ key_id: "relay", seed: "env:GRANT_SEED" }),
      ...settings,
    },
  });
  const open = (ids: readonly string[]) => {
    const relayers = JSON.stringify([{ account_id: RELAYER, key_ids: ids }]);
    const { config } = loadRelayConfig({ env: { GRANT_SEED: seed }, flags: { ...flags, relayers } });
    return createApp(config, { log: createLogger("relay", "silent") });
  };
  await seedTenants(flags["ledger.url"] ?? "", tenants);
  await prepare?.(flags["ledger.url"] ?? "");
  let app = await open(keyIds);
  onTestFinished(() => app.stop());
  let client = relayClient(app.address);
  return {
    client: (headers) => (headers === undefined ? client : relayClient(app.address, headers)),
    async restart(ids) {
      await app.stop();
      app = await open(ids);
      client = relayClient(app.address);
    },
  };
}

/** Has the operator tell the signer what the chain says of its active keys' nonces. */
export function openJournal(operator: SignerOperator, { url }: Chain): Promise<string> {
  return operator.admin("floors", "--rpc", url, "--yes");
}

export { NETWORK, RELAYER };
