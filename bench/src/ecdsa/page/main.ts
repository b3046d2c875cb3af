// The page of the bench's wallet: makes a key, whose pool the wallet then fills by itself.
import { createWallet } from "../../../../clients/web/src/browser/create-evm-wallet.ts";
import { indexedPresignatures } from "../../../../clients/web/src/browser/indexed-presignatures.ts";
import type { PageConfig, PagesBench } from "../page-bench.ts";

/** Milliseconds between two looks at the store. */
const LOOK_MS = 200;

const config: PageConfig = await (await fetch("./config.json")).json();
const wallet = createWallet({
  relay: { baseUrl: config.relayUrl },
  tenant: config.tenant,
  rpId: location.hostname,
  network: config.network,
  near: () => Promise.reject(new Error("the bench asks no chain")),
});
const store = indexedPresignatures();

const pagesBench: PagesBench = {
  async register(accountId) {
    await wallet.register({ userName: accountId, accountId });
  },
  async fillPool(accountId, count) {
    const { key } = await wallet.evm.bootstrap({ accountId });
    while ((await store.ids(key.keyId)).length < count) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  },
};
Object.assign(globalThis, { pagesBench });
