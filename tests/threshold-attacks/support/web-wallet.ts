import { createConnectTransport } from "@connectrpc/connect-node";
import type { Vault } from "../../../clients/web/src/vault/vault-client.ts";
import { memoryStore } from "../../../clients/web/src/wallet/text-store.ts";
import type { Wallet } from "../../../clients/web/src/wallet/wallet.ts";
import { walletOver } from "../../../clients/web/src/wallet/wallet-over.ts";
import { RP_ID, TENANT } from "../../signer/threshold/support/threshold-signer.ts";
import { NETWORK } from "../../support/test-relay.ts";
import { handClock } from "../../web-client/hand-clock.ts";
import { vaultOverChannel } from "../../web-client/wallet/support/node-wallet.ts";
import { softwarePasskeys } from "../../web-client/wallet/support/software-passkeys.ts";

export const ACCOUNT = "alice.test";

/** What left the vault in the rounds, in order: whoever has the page has seen it. */
interface VaultAnswers {
  readonly commitments: { readonly roundId: number; readonly hiding: Uint8Array }[];
  readonly shares: { readonly roundId: number; readonly share: Uint8Array }[];
}

export interface WebWallet {
  readonly wallet: Wallet;
  readonly vault: Vault;
  readonly answers: VaultAnswers;
}

/** The web client's wallet as it is, with its vault behind a channel, over the relay at this address. */
export function openWebWallet(relayAddress: string): WebWallet {
  const inner = vaultOverChannel();
  const answers: VaultAnswers = { commitments: [], shares: [] };
  const vault: Vault = {
    ...inner,
    async commit(of) {
      const made = await inner.commit(of);
      answers.commitments.push({ roundId: made.roundId, hiding: made.commitments.hiding });
      return made;
    },
    async answer(of) {
      const share = await inner.answer(of);
      answers.shares.push({ roundId: of.roundId, share });
      return share;
    },
  };
  const wallet = walletOver(
    {
      relay: {
        baseUrl: relayAddress,
        transport: ({ baseUrl, interceptors = [] }) =>
          createConnectTransport({ baseUrl, interceptors, httpVersion: "2" }),
      },
      tenant: TENANT,
      rpId: RP_ID,
      network: NETWORK,
      near: async () => ({ nonce: 7n, blockHeight: 1_000n, blockHash: new Uint8Array(32) }),
      tokens: memoryStore(),
      keyStore: memoryStore(),
    },
    { passkeys: softwarePasskeys(), vault, clock: handClock(), wallTime: Date.now },
  );
  return { wallet, vault, answers };
}

/** Signs a message off the chain. */
export function signHello({ wallet }: Pick<WebWallet, "wallet">) {
  const message = { message: "hello", nonce: new Uint8Array(32).fill(5), recipient: "app.example" };
  return wallet.signMessage({ accountId: ACCOUNT, message });
}
