import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Devnet } from "@countersign/devnet";
import { type App, createApp } from "@countersign/server/app.ts";
import { loadRelayConfig } from "@countersign/server/config/config.ts";
import { createLogger } from "@countersign/service-kit";
import { onTestFinished } from "vitest";
import { NEAR, NETWORK, relayFlags, type TestRelayOptions } from "../../support/test-relay.ts";
import { relayerKey, startTestSigner } from "../../support/test-signer.ts";
import { seedTenants } from "../../support/test-tenant.ts";

/** Pays for what the second relay relays. */
export const SECOND_RELAYER = "second.test";

/** How it creates accounts, and how another relay can create the same ones. */
export const ACCOUNT_CREATION = JSON.stringify({
  mode: "registrar",
  suffixes: [".registrar.test"],
  initial_balance: { min: "0", max: NEAR.toString(), default: (NEAR / 10n).toString() },
  registrar: { contract_id: "registrar.test", method: "create_account_and_register_user" },
});

export interface SecondRelayOptions extends Pick<TestRelayOptions, "settings" | "tenants"> {
  /** Where settings find their secrets. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Another operator's relay on a chain: with a ledger, a signer, a relayer and the chain's last node of its own. */
export async function startSecondRelay(
  devnet: Devnet,
  { settings, tenants, env = {} }: SecondRelayOptions = {},
): Promise<App> {
  const folder = await mkdtemp(join(tmpdir(), "second-relay-"));
  const key = await relayerKey("relayer-2", SECOND_RELAYER);
  const balance = (1_000n * NEAR).toString();
  devnet.chain.addAccount({ id: SECOND_RELAYER, balance, keys: [key.publicKey] });
  const signer = await startTestSigner(NETWORK, [key]);
  const flags = relayFlags(folder, devnet, signer.socketPath, {
    settings: {
      relayers: JSON.stringify([{ account_id: SECOND_RELAYER, key_ids: [key.keyId] }]),
      "near.endpoints": JSON.stringify(devnet.rpcUrls.slice(-1).map((url) => ({ url }))),
      account_creation: ACCOUNT_CREATION,
      ...settings,
    },
  });
  const { config } = loadRelayConfig({ env, flags });
  await seedTenants(config.ledger.url.reveal(), tenants);
  const app = await createApp(config, { log: createLogger("relay", "error") });
  onTestFinished(async () => {
    await app.stop();
    await signer.stop();
    await rm(folder, { recursive: true, force: true });
  });
  while (!(await fetch(`${app.operationsAddress}/readyz`)).ok) await delay(50);
  return app;
}
