import type { EnvelopeOwner, EnvelopeStore } from "./envelope-store.ts";
import type { LockVaultApi } from "./lock-vault-api.ts";
import { storeAnswer } from "./sealed-envelopes.ts";
import { VaultError } from "./vault-error.ts";

type FormerEnvelopes = Pick<EnvelopeStore, "forgetAll">;

/** In the place of `LockVault` for a wallet without a server lock: no seed stays, so no script can have it sealed. */
export class NoLockVault implements LockVaultApi {
  readonly #former: FormerEnvelopes | undefined;

  /** @param former where envelopes may be from when the wallet had a lock */
  constructor(former: FormerEnvelopes | undefined) {
    this.#former = former;
  }

  /** Keeps nothing. */
  keep(): void {}

  heldEnvelopes(): never {
    throw noLock();
  }

  beginEnvelope(): never {
    throw noLock();
  }

  finishEnvelope(): never {
    throw noLock();
  }

  beginOpening(): never {
    throw noLock();
  }

  finishOpening(): never {
    throw noLock();
  }

  abandonPass(): never {
    throw noLock();
  }

  async forgetEnvelopes(of: Omit<EnvelopeOwner, "accountId">): Promise<void> {
    if (this.#former !== undefined) await storeAnswer(this.#former.forgetAll(of));
  }

  /** There is nothing to erase. */
  lock(): void {}
}

function noLock(): VaultError {
  return new VaultError("NO_LOCK", "this wallet was made without a server lock");
}
