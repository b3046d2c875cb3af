import type { EnvelopeName, EnvelopeOwner } from "./envelope-store.ts";
import type { ShareId } from "./key-ceremony.ts";
import type { OpenedShares } from "./opened-shares.ts";

/** An envelope that the store has. */
export interface HeldEnvelope {
  /** The origin of the relay that it was sealed for. */
  readonly relay: string;
  /** The suite's byte. */
  readonly suite: number;
  /** Of the relay's lock key. */
  readonly keyId: string;
  /** The passkey whose shares it opens. */
  readonly credentialId: Uint8Array;
}

/** What a relay answers to a pass. */
interface RelayAnswer {
  readonly passId: number;
  readonly element: Uint8Array;
  readonly proof: Uint8Array;
}

/**
 * The client's half of the server lock. The sealed secret is the wallet's seed, from which the shares of both schemes
 * follow. Whoever calls it can have the seed, of an unlocked account at any time: he locks an envelope with a key of his own,
 * and opens it. K and the client's locks stay in the worker. Throws VaultError: NO_LOCK in a wallet without a server lock, for
 * all but `forgetEnvelopes`.
 */
export interface LockVaultApi {
  /** The owner's envelopes. Those that cannot be read are deleted. Throws STORE_UNAVAILABLE. */
  heldEnvelopes(of: EnvelopeOwner): Promise<readonly HeldEnvelope[]>;
  /** Begins an envelope of an unlocked account: the element that the relay locks. Throws LOCKED, MALFORMED. */
  beginEnvelope(of: { readonly shareId: ShareId; readonly suite: number }): {
    readonly passId: number;
    readonly element: Uint8Array;
  };
  /**
   * Seals the seed of the share that the pass was begun for, and keeps the envelope in place of the relay's former one: the
   * key's id. `commitment` is the relay's key. Throws ROUND_SPENT, LOCKED, LOCK_ANSWER_INVALID, MALFORMED, STORE_UNAVAILABLE.
   */
  finishEnvelope(
    of: RelayAnswer & {
      readonly tenant: string;
      readonly relay: string;
      readonly credentialId: Uint8Array;
      readonly commitment: Uint8Array;
    },
  ): Promise<{ readonly keyId: string }>;
  /**
   * Begins to open an envelope: the element that a relay with its key takes its lock off. Undefined when there is no such
   * envelope. Throws ENVELOPE_UNUSABLE for one that no relay can open, and deletes it; LOCKED when the vault was
   * locked meanwhile; STORE_UNAVAILABLE.
   */
  beginOpening(of: EnvelopeName): Promise<
    | {
        readonly passId: number;
        readonly keyId: string;
        readonly element: Uint8Array;
      }
    | undefined
  >;
  /**
   * Opens the envelope, derives the account's shares and keeps them, as `unlock` does. Whole keys are not given for it:
   * that takes the passkey. Throws ROUND_SPENT, LOCK_ANSWER_INVALID, and ENVELOPE_UNUSABLE when K does not open the
   * envelope, which is deleted.
   */
  finishOpening(of: RelayAnswer): Promise<OpenedShares & { readonly credentialId: Uint8Array }>;
  /** Ends a pass wherever it is; its secrets are erased. */
  abandonPass(of: { readonly passId: number }): void;
  /** Deletes the envelopes of all accounts; those that are being made are not kept either. Throws STORE_UNAVAILABLE. */
  forgetEnvelopes(of: Omit<EnvelopeOwner, "accountId">): Promise<void>;
}
