import type { ServerLock, ServerLockParts } from "../lock/server-lock.ts";
import type { WalletOptions } from "./wallet.ts";

/** The server lock of a wallet, whose code is loaded with the first use. */
export type WalletLock = Pick<ServerLock, "open" | "refresh" | "stop">;

/** How long a relay may have to take its lock off, in milliseconds. */
const MIN_TIMEOUT_MS = 1_000;
const MAX_TIMEOUT_MS = 3_000;

/** Undefined for a wallet without. Throws RangeError for a timeout out of bounds. */
export function walletLock(
  { relay, peers = [], lock }: Pick<WalletOptions, "relay" | "peers" | "lock">,
  parts: Omit<ServerLockParts, "options">,
): WalletLock | undefined {
  if (lock === undefined) return undefined;
  const { timeoutMs } = lock;
  if (timeoutMs !== undefined && !(timeoutMs >= MIN_TIMEOUT_MS && timeoutMs <= MAX_TIMEOUT_MS)) {
    throw new RangeError(`lock.timeoutMs is ${timeoutMs}, not ${MIN_TIMEOUT_MS} to ${MAX_TIMEOUT_MS}`);
  }
  return loadedLock({ options: { relay, peers, lock }, ...parts });
}

function loadedLock(parts: ServerLockParts): WalletLock {
  let loading: Promise<ServerLock> | undefined;
  const loaded = () => {
    loading ??= load(parts).catch((error) => {
      loading = undefined;
      throw error;
    });
    return loading;
  };
  const later = (act: (lock: ServerLock) => void, lock: Promise<ServerLock>) => {
    // Nobody waits for it, and the next use loads it again.
    lock.then(act).catch(() => undefined);
  };
  return {
    open: async (...of) => (await loaded()).open(...of),
    refresh: (...of) => later((lock) => lock.refresh(...of), loaded()),
    stop: () => {
      if (loading !== undefined) later((lock) => lock.stop(), loading);
    },
  };
}

async function load(parts: ServerLockParts): Promise<ServerLock> {
  const { ServerLock } = await import("../lock/server-lock.ts");
  return new ServerLock(parts);
}
