import { createClient } from "@connectrpc/connect";
import { EcdsaSigningService } from "@countersign/gen/countersign/threshold/v1/ecdsa_service_pb.ts";
import { bytesToHex } from "viem";
import { exportKey } from "../wallet/export-key.ts";
import { ecdsaScheme } from "../wallet/key-scheme.ts";
import { PresignaturePool } from "../wallet/presignature-pool.ts";
import { type EcdsaParts, signEcdsa } from "../wallet/sign-ecdsa.ts";
import type { WalletOptions } from "../wallet/wallet.ts";
import type { WalletKey } from "../wallet/wallet-key.ts";
import { walletOf } from "../wallet/wallet-over.ts";
import { type WalletParts, type WalletPlatform, walletParts } from "../wallet/wallet-parts.ts";
import { type EvmAccount, evmAccount } from "./evm-account.ts";
import type { EvmWallet, WalletWithEvm } from "./evm-wallet.ts";

/** A wallet for NEAR and EVM chains over these parts. Opens no connection until a method is called. */
export function evmWalletOver(options: WalletOptions, platform: WalletPlatform): WalletWithEvm {
  const parts = walletParts(options, platform);
  return Object.assign(walletOf(parts, options), { evm: evmOf(parts) });
}

function evmOf({ context, transport, sessions, beforeLock, keyOf, createKey }: WalletParts): EvmWallet {
  const ecdsa = createClient(EcdsaSigningService, transport);
  const own = { ...context, ecdsa };
  const pool = new PresignaturePool(own, sessions);
  beforeLock.push(() => pool.stop());
  const parts: EcdsaParts = { context: own, sessions, pool };
  const { keys } = context;

  const accountOf = (key: WalletKey, signal?: AbortSignal): EvmAccount =>
    evmAccount(key, async (payload) => {
      const [signature] = await signEcdsa(parts, key, payload, signal);
      if (signature === undefined) throw new Error("there is no signature");
      return signature;
    });

  return {
    async bootstrap({ accountId, policy }, { signal } = {}) {
      const key = keys.get(ecdsaScheme.id, accountId) ?? (await createKey(ecdsaScheme, accountId, signal));
      const session = await sessions.mint(key, policy ?? { purposes: [...ecdsaScheme.purposes] }, signal);
      await sessions.ready(key, signal);
      pool.refill(key);
      return { account: accountOf(key), key, session };
    },
    account(accountId, { signal } = {}) {
      const key = keys.get(ecdsaScheme.id, accountId);
      return key === undefined ? undefined : accountOf(key, signal);
    },
    async exportKey({ accountId }, { signal } = {}) {
      const bytes = await exportKey(context, sessions, keyOf(ecdsaScheme, accountId), signal);
      const hex = bytesToHex(bytes);
      bytes.fill(0);
      return hex;
    },
  };
}
