import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { AppConfig } from "../../../examples/app/src/app-config.ts";
import type { WalletConfig } from "../../../examples/wallet/src/wallet-config.ts";
import { Operator } from "../operator.ts";
import { run } from "../processes.ts";
import type { Custody } from "../signer.ts";
import { NETWORK, RELAYER, type Stack, startStack } from "../stack.ts";
import { TENANT } from "../tenant.ts";
import { EVM_CHAIN_ID, type EvmChain, startEvmChain } from "./evm-chain.ts";
import { freePort } from "./free-port.ts";
import { startIdentityProvider } from "./identity-provider.ts";
import { startLockRelay } from "./lock-relay.ts";
import { applicationPageHeaders, walletPageHeaders } from "./page-headers.ts";
import { type Answer, type Page, servePage } from "./pages.ts";
import { walletSections } from "./wallet-sections.ts";
import { PROVIDER_ID, RP_ID, type WalletTenant, walletTenant } from "./wallet-tenant.ts";

/** Where the parts of the running demo are. */
export interface WebDemo {
  readonly walletUrl: string;
  readonly appUrl: string;
  readonly relayUrls: readonly string[];
  readonly rpcUrl: string;
  /** Undefined where there is no anvil for this platform. */
  readonly evmUrl: string | undefined;
  readonly providerUrl: string;
  stop(): Promise<void>;
}

/**
 * A wallet and an application that embeds it, of two sites, over real parts: a chain of NEAR and one of Ethereum, a relay and
 * its signer, a second relay for locks with a signer of its own, and an identity provider. All files are in `folder`.
 */
export async function startWebDemo(folder: string, custody: Custody): Promise<WebDemo> {
  const running: { stop(): Promise<void> }[] = [];
  const started = <T extends { stop(): Promise<void> }>(part: T): T => {
    running.push(part);
    return part;
  };
  const stop = async () => {
    for (const part of running.splice(0).reverse()) await part.stop();
  };
  try {
    const [wallet, app] = await bothPages(folder);
    started(wallet);
    started(app);
    const relayPort = await freePort();
    const callback = `http://127.0.0.1:${relayPort}/auth/${PROVIDER_ID}/callback`;
    const provider = started(await startIdentityProvider(callback));
    const tenant = walletTenant(wallet.origin, provider, folder);
    const { clientSecret } = provider;
    const sections = walletSections({ origin: wallet.origin, relayPort, clientSecret });
    const [relay, lockRelay, evm] = await all(
      startRelay(folder, custody, sections, tenant).then(started),
      startLockRelay(join(folder, "lock"), tenant).then(started),
      startEvmChain().then((chain) => (chain === undefined ? undefined : started(chain))),
    );
    const relayUrls = [relay.relayUrl, lockRelay.url];
    tellWallet(wallet, { app: app.origin, relayUrls, rpcUrl: relay.rpcUrl, evm });
    tellApp(app, { walletOrigin: wallet.origin, rpcUrl: relay.rpcUrl, evm });
    return {
      walletUrl: wallet.origin,
      appUrl: app.origin,
      relayUrls,
      rpcUrl: relay.rpcUrl,
      evmUrl: evm?.url,
      providerUrl: provider.issuer,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What all of them give. Fails once none of them runs any more, so that what was started by then can be stopped. */
async function all<T extends readonly Promise<unknown>[]>(
  ...parts: T
): Promise<{ [I in keyof T]: Awaited<T[I]> }> {
  await Promise.allSettled(parts);
  return Promise.all(parts) as Promise<{ [I in keyof T]: Awaited<T[I]> }>;
}

/** "localhost" and "127.0.0.1" are two sites to a browser, and both secure contexts. */
async function bothPages(folder: string): Promise<[Page, Page]> {
  const pages = join(folder, "pages");
  await mkdir(pages);
  const wallet = await servePage("wallet", "localhost", pages);
  try {
    return [wallet, await servePage("app", "127.0.0.1", pages)];
  } catch (error) {
    await wallet.stop();
    throw error;
  }
}

async function startRelay(
  folder: string,
  custody: Custody,
  sections: ReturnType<typeof walletSections>,
  tenant: WalletTenant,
): Promise<Stack> {
  const stack = await startStack(folder, custody, sections);
  try {
    const admin = ["--admin", stack.signerAdmin];
    await run("signer-service/src/cli.ts", ["lock", "rotate", ...admin, "--replaces", "none"]);
    await tenant.letIn(new Operator(stack.admin, folder));
    return stack;
  } catch (error) {
    await stack.stop();
    throw error;
  }
}

function tellWallet(
  page: Page,
  of: {
    readonly app: string;
    readonly relayUrls: readonly string[];
    readonly rpcUrl: string;
    readonly evm: EvmChain | undefined;
  },
): void {
  const { app, relayUrls, rpcUrl, evm } = of;
  const [relayUrl = "", ...lockRelays] = relayUrls;
  const config: WalletConfig = {
    relayUrl,
    lockRelays,
    tenant: TENANT,
    rpId: RP_ID,
    network: NETWORK,
    nearUrl: "./near",
    accountSuffix: `.${RELAYER}`,
    guestBook: "guest-book.test",
    applications: [app],
    provider: { id: PROVIDER_ID, name: "Demo ID" },
    ...(evm === undefined
      ? {}
      : {
          evm: {
            chainId: EVM_CHAIN_ID,
            name: "Ethereum (local)",
            symbol: "ETH",
            rpcUrl: evm.url,
            faucetUrl: "./faucet",
          },
        }),
  };
  const { origin } = page;
  page.headers = walletPageHeaders({ origin, applications: [app], relays: relayUrls, evmUrl: evm?.url });
  page.answers = {
    "/config.json": async () => ok(config),
    "/near": near(rpcUrl),
    ...(evm === undefined ? {} : { "/faucet": faucet(evm) }),
  };
}

function tellApp(
  page: Page,
  of: { readonly walletOrigin: string; readonly rpcUrl: string; readonly evm: EvmChain | undefined },
): void {
  const { walletOrigin, rpcUrl, evm } = of;
  const config: AppConfig = {
    walletUrl: `${walletOrigin}/`,
    guestBook: "guest-book.test",
    nearUrl: "./near",
    ...(evm === undefined ? {} : { evm: { chainId: EVM_CHAIN_ID, rpcUrl: evm.url, symbol: "ETH" } }),
  };
  page.headers = applicationPageHeaders(walletOrigin, evm?.url);
  page.answers = { "/config.json": async () => ok(config), "/near": near(rpcUrl) };
}

/** Pages may not ask a devnet themselves. */
function near(rpcUrl: string): Answer {
  return async (body) => {
    const headers = { "content-type": "application/json" };
    const answer = await fetch(rpcUrl, { method: "POST", headers, body });
    return { status: answer.status, json: await answer.text() };
  };
}

function faucet(evm: EvmChain): Answer {
  return async (body) => {
    try {
      const { address } = JSON.parse(body) as { address: unknown };
      await evm.give(String(address));
      return ok({});
    } catch {
      return { status: 400, json: "{}" };
    }
  };
}

function ok(answer: object): Awaited<ReturnType<Answer>> {
  return { status: 200, json: JSON.stringify(answer) };
}
