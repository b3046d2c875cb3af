import { createConnectTransport } from "@connectrpc/connect-node";
import { libsecp256k1Points } from "@countersign/crypto/ot-ecdsa/libsecp256k1-points.ts";
import { onTestFinished } from "vitest";
import type { EvmAccount } from "../../../../clients/web/src/evm/evm-account.ts";
import type { WalletWithEvm } from "../../../../clients/web/src/evm/evm-wallet.ts";
import { evmWalletOver } from "../../../../clients/web/src/evm/evm-wallet-over.ts";
import {
  memoryPresignatures,
  type PresignatureStore,
} from "../../../../clients/web/src/vault/presignature-store.ts";
import type { VaultPlatform } from "../../../../clients/web/src/vault/share-vault.ts";
import type { Passkeys } from "../../../../clients/web/src/wallet/passkeys.ts";
import { memoryStore } from "../../../../clients/web/src/wallet/text-store.ts";
import type { WalletOptions } from "../../../../clients/web/src/wallet/wallet.ts";
import { type HandClock, handClock } from "../../hand-clock.ts";
import { ACCOUNT, vaultOverChannel } from "../../wallet/support/node-wallet.ts";
import { RP_ID, type SoftwarePasskeys, softwarePasskeys } from "../../wallet/support/software-passkeys.ts";
import { startWalletRelay, TENANT, type WalletRelay } from "../../wallet/support/wallet-relay.ts";
import { type EcdsaHalf, ecdsaHalf } from "./ecdsa-half.ts";

export interface EvmWorld {
  readonly wallet: WalletWithEvm;
  readonly relay: WalletRelay;
  readonly half: EcdsaHalf;
  readonly passkeys: SoftwarePasskeys;
  readonly clock: HandClock;
  /** What the wallet keeps of presignatures. */
  readonly store: PresignatureStore;
  /** The same user's wallet after its page was loaded again, by default with the same passkey. */
  reload(passkeys?: Passkeys): WalletWithEvm;
}

/** A user with a registered passkey and no key yet, over HTTP/2. */
export async function startEvmWorld(platform: VaultPlatform = {}): Promise<EvmWorld> {
  const half = ecdsaHalf();
  const { pool: _, capacity: __, refillBelow: ___, released: ____, key: _____, ...methods } = half;
  const relay = await startWalletRelay(methods);
  const passkeys = softwarePasskeys();
  const clock = handClock();
  const store = memoryPresignatures();
  const options: WalletOptions = {
    relay: {
      baseUrl: relay.baseUrl,
      transport: ({ baseUrl, interceptors = [] }) =>
        createConnectTransport({ baseUrl, interceptors, httpVersion: "2" }),
    },
    tenant: TENANT,
    rpId: RP_ID,
    network: "testnet",
    near: () => Promise.reject(new Error("nothing is asked of NEAR here")),
    tokens: memoryStore(),
    keyStore: memoryStore(),
  };
  const open = (own: Passkeys = passkeys) => {
    const vault = vaultOverChannel({ points: libsecp256k1Points, presignatures: store, ...platform });
    const wallTime = () => Date.now() + clock.now();
    const opened = evmWalletOver(options, { passkeys: own, vault, clock, wallTime });
    onTestFinished(() => opened.close());
    return opened;
  };
  const wallet = open();
  await wallet.register({ userName: "Alice", accountId: ACCOUNT });
  return { wallet, relay, half, passkeys, clock, store, reload: open };
}

/** One that is ready to sign. */
export async function evmWorldWithKey(
  platform: VaultPlatform = {},
): Promise<EvmWorld & { readonly account: EvmAccount; readonly keyId: string }> {
  const world = await startEvmWorld(platform);
  const { account, key } = await world.wallet.evm.bootstrap({ accountId: ACCOUNT });
  return { ...world, account, keyId: key.keyId };
}
