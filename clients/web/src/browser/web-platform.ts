import { systemClock } from "../clock.ts";
import type { WalletPlatform } from "../wallet/wallet-parts.ts";
import { startVault } from "./start-vault.ts";
import { webPasskeys } from "./web-passkeys.ts";

/** What a wallet takes of this page. Starts its Web Worker. */
export function webPlatform(): WalletPlatform {
  return { passkeys: webPasskeys, vault: startVault(), clock: systemClock, wallTime: () => Date.now() };
}
