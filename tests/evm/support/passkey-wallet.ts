import { createConnectTransport } from "@connectrpc/connect-node";
import { libsecp256k1Points } from "@countersign/crypto/ot-ecdsa/libsecp256k1-points.ts";
import { systemClock } from "../../../clients/web/src/clock.ts";
import type { EvmAccount } from "../../../clients/web/src/evm/evm-account.ts";
import { evmWalletOver } from "../../../clients/web/src/evm/evm-wallet-over.ts";
import { memoryStore } from "../../../clients/web/src/wallet/text-store.ts";
import { NETWORK } from "../../support/test-relay.ts";
import { startWalletWorld, WALLET_TENANT } from "../../support/wallet-world.ts";
import { openVault } from "../../web-client/wallet/support/node-wallet.ts";
import { ORIGIN, RP_ID, softwarePasskeys } from "../../web-client/wallet/support/software-passkeys.ts";

const ACCOUNT = "alice.test";

export interface PasskeyWallet {
  /** Its key was just created, and it has a session with the purposes for EVM. */
  readonly account: EvmAccount;
  stop(): Promise<void>;
}

/** A wallet in Node with a real relay and signer, whose tenant's policy for EVM is `evm`. */
export async function startPasskeyWallet(evm: object): Promise<PasskeyWallet> {
  const world = await startWalletWorld({ rpId: RP_ID, origin: ORIGIN, evm });
  const wallet = evmWalletOver(
    {
      relay: {
        baseUrl: world.relayUrl,
        transport: ({ baseUrl, interceptors = [] }) =>
          createConnectTransport({ baseUrl, interceptors, httpVersion: "2" }),
      },
      tenant: WALLET_TENANT,
      rpId: RP_ID,
      network: NETWORK,
      near: () => Promise.reject(new Error("nothing is asked of NEAR here")),
      tokens: memoryStore(),
      keyStore: memoryStore(),
    },
    {
      passkeys: softwarePasskeys(),
      vault: openVault({ points: libsecp256k1Points }),
      clock: systemClock,
      wallTime: () => Date.now(),
    },
  );
  const stop = async () => {
    wallet.close();
    await world.stop();
  };
  try {
    await wallet.register({ userName: "Alice", accountId: ACCOUNT });
    const { account } = await wallet.evm.bootstrap({ accountId: ACCOUNT });
    return { account, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
