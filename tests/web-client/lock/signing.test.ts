import { createConnectTransport as overHttp2 } from "@connectrpc/connect-node";
import { createConnectTransport as overFetch } from "@connectrpc/connect-web";
import { expect, it, onTestFinished } from "vitest";
import { memoryEnvelopes } from "../../../clients/web/src/vault/envelope-store.ts";
import { SealedEnvelopes } from "../../../clients/web/src/vault/sealed-envelopes.ts";
import { memoryStore } from "../../../clients/web/src/wallet/text-store.ts";
import type { WalletOptions } from "../../../clients/web/src/wallet/wallet.ts";
import { walletOver } from "../../../clients/web/src/wallet/wallet-over.ts";
import { handClock } from "../hand-clock.ts";
import { signHello, vaultOverChannel } from "../wallet/support/node-wallet.ts";
import { RP_ID, softwarePasskeys } from "../wallet/support/software-passkeys.ts";
import { startWalletRelay, TENANT } from "../wallet/support/wallet-relay.ts";
import { startRelays } from "./support/federated-relays.ts";
import { OWNER, PATIENT } from "./support/federation.ts";

const account = { accountId: OWNER.accountId };

/** A user with a key, whose relay does not serve locks; two other relays do. */
async function world() {
  const relay = await startWalletRelay();
  const peers = (await startRelays({})).map(({ url }) => url);
  const envelopes = memoryEnvelopes();
  const passkeys = softwarePasskeys();
  const clock = handClock();
  const options: WalletOptions = {
    relay: {
      baseUrl: relay.baseUrl,
      transport: ({ baseUrl, interceptors = [], ...of }) =>
        baseUrl === relay.baseUrl
          ? overHttp2({ baseUrl, interceptors, httpVersion: "2" })
          : overFetch({ baseUrl, interceptors, ...of }),
    },
    peers,
    lock: PATIENT,
    tenant: TENANT,
    rpId: RP_ID,
    network: "testnet",
    near: () => Promise.reject(new Error("nothing is asked of NEAR here")),
    tokens: memoryStore(),
    keyStore: memoryStore(),
  };
  const load = (own = passkeys) => {
    const vault = vaultOverChannel({ envelopes });
    const wallet = walletOver(options, { passkeys: own, vault, clock, wallTime: () => Date.now() });
    onTestFinished(() => wallet.close());
    return wallet;
  };
  const wallet = load();
  let count = 0;
  const refreshed = new Promise<void>((resolve) => {
    wallet.on(({ type }) => {
      if (type === "refreshed" && ++count === peers.length) resolve();
    });
  });
  await wallet.register({ userName: "Alice", ...account });
  await wallet.createKey(account);
  await refreshed;
  passkeys.touches.length = 0;
  const kept = async () => [...(await new SealedEnvelopes(envelopes).of(OWNER)).values()];
  return { relay, passkeys, load, kept };
}

it("what a relay opened signs, with a touch for the session and none for its PRF; whole keys take that", async () => {
  const { passkeys, load } = await world();
  const wallet = load();
  await wallet.resume();
  expect(await wallet.unlock(account)).toMatchObject({ by: "relay" });
  expect(passkeys.touches).toEqual([]);
  expect((await signHello({ wallet })).signature).toHaveLength(64);
  expect(passkeys.touches.map(({ withPrf }) => withPrf)).toEqual([false]);
  expect(await wallet.exportKey(account)).toHaveLength(32);
  expect(passkeys.touches.map(({ withPrf }) => withPrf)).toEqual([false, true]);
});

it("envelopes stay those of the key's passkey when its user signs in with another one", async () => {
  const { passkeys, load, kept } = await world();
  const before = await kept();
  const other = softwarePasskeys();
  await load(other).signIn(account);
  const wallet = load();
  expect(await wallet.unlock(account)).toMatchObject({ by: "relay" });
  expect(await wallet.unlock(account)).toEqual({ by: "held" });
  expect([await kept(), passkeys.touches]).toEqual([before, []]);
});
