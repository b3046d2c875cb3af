import { randomBytes } from "node:crypto";
import { Code } from "@connectrpc/connect";
import { errorOf, nearRpc, SubmissionState } from "@countersign/web";
import { expect, it, onTestFinished } from "vitest";
import { systemClock } from "../../../clients/web/src/clock.ts";
import { memoryStore } from "../../../clients/web/src/wallet/text-store.ts";
import type { RelayRequest, Wallet, WalletCall } from "../../../clients/web/src/wallet/wallet.ts";
import { walletOver } from "../../../clients/web/src/wallet/wallet-over.ts";
import type { FaultProxy } from "../../support/fault-proxy.ts";
import { NEAR, NETWORK, startTestRelay } from "../../support/test-relay.ts";
import { OPEN_POLICY } from "../../support/test-tenant.ts";
import { startWalletWorld, WALLET_TENANT, type WalletWorld } from "../../support/wallet-world.ts";
import { vaultOverChannel } from "../wallet/support/node-wallet.ts";
import { ORIGIN, RP_ID, softwarePasskeys } from "../wallet/support/software-passkeys.ts";
import { SECOND_RELAYER, startSecondRelay } from "./second-relay.ts";
import { proxyTo } from "./two-relays.ts";

const ACCOUNT = "alice.test";
const failed = () => expect.fail("it should have failed");

/** Another operator's relay, which knows the wallets' tenant, and its users by the tokens of the first relay. */
function startPeer({ devnet, relayUrl }: WalletWorld) {
  const session = {
    issuer: "https://second.example",
    signing_keys: [{ id: "k2", seed: "env:SEED" }],
    peers: [
      {
        issuer: "https://relay.example",
        audience: "countersign",
        jwks_uri: `${relayUrl}/.well-known/jwks.json`,
        tenants: [WALLET_TENANT],
      },
    ],
  };
  const relyingParties = [{ id: RP_ID, name: "Wallet", origins: [ORIGIN], userVerificationOptional: false }];
  return startSecondRelay(devnet, {
    env: { SEED: randomBytes(32).toString("hex") },
    settings: { session: JSON.stringify(session) },
    tenants: [
      {
        tenant: WALLET_TENANT,
        policy: OPEN_POLICY,
        signIn: { relyingParties, providers: [], scopes: ["read", "submit"] },
      },
    ],
  });
}

interface World {
  readonly world: WalletWorld;
  readonly wallet: Wallet;
  readonly proxies: readonly [FaultProxy, FaultProxy];
  relay(more?: Pick<RelayRequest, "onState">, call?: WalletCall): ReturnType<Wallet["relay"]>;
}

/** A wallet whose account and key are on the chain, with a relay that knows its user and one that takes its word. */
async function walletOfTwoRelays(): Promise<World> {
  const world = await startWalletWorld({ rpId: RP_ID, origin: ORIGIN });
  onTestFinished(() => world.stop());
  const peer = await startPeer(world);
  const proxies = [await proxyTo(world.relayUrl), await proxyTo(peer.address)] as const;
  const wallet = walletOver(
    {
      relay: { baseUrl: proxies[0].url, retry: { attempts: 2, baseMs: 1 } },
      peers: [proxies[1].url],
      tenant: WALLET_TENANT,
      rpId: RP_ID,
      network: NETWORK,
      near: nearRpc(world.devnet.rpcUrls[0] ?? ""),
      tokens: memoryStore(),
      keyStore: memoryStore(),
    },
    {
      passkeys: softwarePasskeys(),
      vault: vaultOverChannel(),
      clock: systemClock,
      wallTime: () => Date.now(),
    },
  );
  await wallet.register({ userName: "Alice", accountId: ACCOUNT });
  const { keyId } = await wallet.createKey({ accountId: ACCOUNT });
  world.devnet.chain.addAccount({ id: ACCOUNT, balance: (10n * NEAR).toString(), keys: [keyId] });
  const args = new TextEncoder().encode('{"text":"hello"}');
  const call = {
    kind: "FunctionCall",
    methodName: "add_message",
    args,
    gas: 30_000_000_000_000n,
    deposit: 0n,
  } as const;
  return {
    world,
    wallet,
    proxies,
    relay: (more, options) =>
      wallet.relay({ accountId: ACCOUNT, receiverId: "guest-book.test", actions: [call], ...more }, options),
  };
}

const payers = ({ world }: World) => world.devnet.chain.log.map(({ signerId }) => signerId);

/** A relay that has heard neither of the wallets' tenant nor of the relay that signs their tokens. */
async function startTestRelayOfOthers() {
  const relay = await startTestRelay();
  onTestFinished(() => relay.stop());
  return relay.app;
}

it("a wallet's delegate is relayed and followed by a peer when its relay dies once it is signed", async () => {
  const all = await walletOfTwoRelays();
  all.proxies[0].fault(({ method }) =>
    method === "SubmitDelegate" || method === "WatchSubmission"
      ? { type: "drop", when: "before" }
      : undefined,
  );
  const { state } = await all.relay();
  expect(state).toBe(SubmissionState.SUCCEEDED);
  expect(payers(all)).toEqual([SECOND_RELAYER]);
});

it("a wallet whose peer does not know it hears what its own relay said", async () => {
  const all = await walletOfTwoRelays();
  all.proxies[0].fault(({ method }) =>
    method === "SubmitDelegate" ? { type: "drop", when: "before" } : undefined,
  );
  all.proxies[1].target = (await startTestRelayOfOthers()).address;
  expect(await all.relay().then(failed, errorOf)).toMatchObject({ code: Code.Unavailable });
  expect(all.proxies[1].seen("SubmitDelegate")).toHaveLength(1);
  expect(payers(all)).toEqual([]);
});

it("a delegate that was accepted keeps its nonce when nobody waits for its end any more", async () => {
  const all = await walletOfTwoRelays();
  const given = new AbortController();
  await expect(all.relay({ onState: () => given.abort() }, { signal: given.signal })).rejects.toThrow();
  const { state } = await all.relay();
  expect(state).toBe(SubmissionState.SUCCEEDED);
  await expect.poll(() => payers(all)).toHaveLength(2);
});
