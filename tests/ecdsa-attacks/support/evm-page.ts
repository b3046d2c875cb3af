import { createConnectTransport } from "@connectrpc/connect-node";
import { libsecp256k1Points } from "@countersign/crypto/ot-ecdsa/libsecp256k1-points.ts";
import { onTestFinished } from "vitest";
import type { EvmAccount } from "../../../clients/web/src/evm/evm-account.ts";
import { evmWalletOver } from "../../../clients/web/src/evm/evm-wallet-over.ts";
import {
  memoryPresignatures,
  type PresignatureStore,
} from "../../../clients/web/src/vault/presignature-store.ts";
import { memoryStore } from "../../../clients/web/src/wallet/text-store.ts";
import { RP_ID, TENANT } from "../../signer/threshold/support/threshold-signer.ts";
import { NETWORK } from "../../support/test-relay.ts";
import { ACCOUNT } from "../../threshold-attacks/support/web-wallet.ts";
import { handClock } from "../../web-client/hand-clock.ts";
import { vaultOverChannel } from "../../web-client/wallet/support/node-wallet.ts";
import { softwarePasskeys } from "../../web-client/wallet/support/software-passkeys.ts";

export interface EvmPage {
  readonly account: EvmAccount;
  readonly keyId: string;
  /** The wallet's halves of presignatures. */
  readonly store: PresignatureStore;
}

/** The web client's wallet as it is, with a key for EVM chains and its vault behind a channel, until the test ends. */
export async function openEvmPage(relayAddress: string): Promise<EvmPage> {
  const store = memoryPresignatures();
  const vault = vaultOverChannel({ points: libsecp256k1Points, presignatures: store });
  const wallet = evmWalletOver(
    {
      relay: {
        baseUrl: relayAddress,
        transport: ({ baseUrl, interceptors = [] }) =>
          createConnectTransport({ baseUrl, interceptors, httpVersion: "2" }),
      },
      tenant: TENANT,
      rpId: RP_ID,
      network: NETWORK,
      near: () => Promise.reject(new Error("nothing is asked of NEAR here")),
      tokens: memoryStore(),
      keyStore: memoryStore(),
    },
    { passkeys: softwarePasskeys(), vault, clock: handClock(), wallTime: Date.now },
  );
  onTestFinished(() => wallet.close());
  await wallet.register({ userName: "Alice", accountId: ACCOUNT });
  const { account, key } = await wallet.evm.bootstrap({ accountId: ACCOUNT });
  return { account, keyId: key.keyId, store };
}
