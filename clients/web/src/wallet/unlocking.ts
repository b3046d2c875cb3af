import { unlessAborted } from "../clock.ts";
import { errorOf } from "../countersign-error.ts";
import { cancelled } from "./app-session.ts";
import { ecdsaScheme, ed25519Scheme } from "./key-scheme.ts";
import type { UnlockedShare } from "./unlocked-shares.ts";
import type { WalletCall } from "./wallet.ts";
import type { WalletContext } from "./wallet-context.ts";
import { fromVault } from "./wallet-errors.ts";
import type { Unlocked, WalletEvent } from "./wallet-events.ts";
import type { WalletLock } from "./wallet-lock.ts";

export interface UnlockingParts {
  readonly context: Pick<WalletContext, "tenant" | "rpId" | "vault" | "shares" | "keys">;
  /** Undefined for a wallet that asks no relay to unlock. */
  readonly lock: WalletLock | undefined;
  /** The passkey that was used last on this page. */
  readonly lastPasskey: () => Uint8Array | undefined;
  readonly tell: (event: WalletEvent) => void;
}

/** Opens accounts' shares, without a prompt where a relay helps, and keeps what that takes up to date. */
export class Unlocking {
  readonly #parts: UnlockingParts;
  readonly #running = new Map<string, Promise<Unlocked>>();

  constructor(parts: UnlockingParts) {
    this.#parts = parts;
  }

  /** Throws CANCELED also when the shares are erased meanwhile. */
  async unlock(accountId: string, call: WalletCall): Promise<Unlocked> {
    const { untilLocked } = this.#parts.context.shares;
    const signal = call.signal === undefined ? untilLocked : AbortSignal.any([call.signal, untilLocked]);
    // One after another: browsers refuse a second prompt, and the second finds the shares open.
    for (;;) {
      const running = this.#running.get(accountId);
      if (running === undefined) break;
      await ended(running, signal);
    }
    const unlocking = this.#unlock(accountId, signal).finally(() => this.#running.delete(accountId));
    this.#running.set(accountId, unlocking);
    return unlocking;
  }

  /** Makes envelopes of an account's shares in the background, unless they are another passkey's than the key's. */
  refresh(accountId: string, share: UnlockedShare | undefined): void {
    const { lock, context } = this.#parts;
    if (lock === undefined || share === undefined) return;
    const passkey = this.#keysPasskey(accountId);
    if (passkey !== undefined && context.shares.get(accountId, passkey) !== share) return;
    lock.refresh(accountId, share);
  }

  /** Ends what is going on in the background. */
  stop(): void {
    this.#parts.lock?.stop();
  }

  /** Deletes the envelopes of all accounts, also those of a time when the wallet had a lock. */
  async forget(): Promise<void> {
    const { tenant, rpId, vault } = this.#parts.context;
    await fromVault(vault.forgetEnvelopes({ tenant, rpId }));
  }

  async #unlock(accountId: string, signal: AbortSignal): Promise<Unlocked> {
    const { context, lock, lastPasskey, tell } = this.#parts;
    const { shares } = context;
    const passkey = this.#keysPasskey(accountId) ?? lastPasskey();
    const held = shares.find(accountId, passkey);
    if (held !== undefined) {
      // What failed in the background the last time is tried again.
      this.refresh(accountId, held);
      return { by: "held" };
    }
    if (lock !== undefined) {
      try {
        const opened = (share: UnlockedShare) => shares.put(accountId, share);
        return { by: "relay", relay: await lock.open(accountId, passkey, opened, signal) };
      } catch (thrown) {
        if (signal.aborted) throw cancelled(signal);
        tell({ type: "fallback", accountId, error: errorOf(thrown) });
      }
    }
    await shares.unlock(accountId, passkey, signal);
    return { by: "passkey" };
  }

  /** The passkey of the account's key, if one is remembered. */
  #keysPasskey(accountId: string): Uint8Array | undefined {
    const { keys } = this.#parts.context;
    const key = keys.get(ed25519Scheme.id, accountId) ?? keys.get(ecdsaScheme.id, accountId);
    return key?.credentialId;
  }
}

/** Once it has ended, however. Throws CANCELED. */
async function ended(running: Promise<unknown>, signal: AbortSignal): Promise<void> {
  try {
    await unlessAborted(
      running.then(
        () => undefined,
        () => undefined,
      ),
      signal,
    );
  } catch (error) {
    if (signal.aborted) throw cancelled(signal);
    throw error;
  }
}
