import { systemClock } from "../clock.ts";
import type { WalletOptions } from "../wallet/wallet.ts";
import type { WalletPlatform } from "../wallet/wallet-parts.ts";
import { startVault } from "./start-vault.ts";
import { webPasskeys } from "./web-passkeys.ts";

/** What a wallet takes of this page. Starts its Web Worker. */
export function webPlatform({ lock }: Pick<WalletOptions, "lock">): WalletPlatform {
  const vault = startVault({ hasLock: lock !== undefined });
  return { passkeys: webPasskeys, vault, clock: systemClock, wallTime: () => Date.now() };
}
