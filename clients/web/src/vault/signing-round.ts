import {
  aggregate,
  type Commitments,
  commit,
  FrostError,
  type Random,
  type SigningPackage,
  signShare,
  verifyShare,
} from "@countersign/crypto/frost-ed25519.ts";
import { sameBytes } from "./same-bytes.ts";
import { malformed, spent, VaultError } from "./vault-error.ts";

/** What one signature is made of. */
export interface RoundKey {
  /** The client's share: the vault's own bytes, which are zero once it is locked. */
  readonly share: Uint8Array;
  readonly groupKey: Uint8Array;
  readonly relayerVerifyingShare: Uint8Array;
}

/** What is left to do: `committed` has secret nonces, `answered` has none, `over` has nothing. */
type State =
  | { readonly stage: "committed"; readonly nonces: Uint8Array }
  | { readonly stage: "answered"; readonly signing: SigningPackage; readonly clientShare: Uint8Array }
  | { readonly stage: "over" };

const OVER: State = { stage: "over" };

/**
 * The client's side of one FROST signature (RFC 9591, section 5). Its stages follow one another and none comes twice:
 * committed → answered → over, or over from anywhere. A nonce pair answers one package at most: two answers for two
 * packages are two equations, and three give the share away.
 */
export class SigningRound {
  readonly commitments: Commitments;
  readonly #key: RoundKey;
  readonly #digest: Uint8Array;
  #state: State;

  constructor(key: RoundKey, digest: Uint8Array, random: Random) {
    const { nonces, commitments } = commit(key.share, random);
    this.#key = key;
    this.#digest = digest;
    this.#state = { stage: "committed", nonces };
    this.commitments = commitments;
  }

  /** The signature share, once. Throws VaultError ROUND_SPENT, KEY_MISMATCH, MALFORMED; after any of them it is over. */
  answer(relayerCommitments: Commitments, relayerVerifyingShare: Uint8Array): Uint8Array {
    const state = this.#leave("committed");
    const { share, groupKey } = this.#key;
    try {
      if (!sameBytes(relayerVerifyingShare, this.#key.relayerVerifyingShare)) {
        throw new VaultError("KEY_MISMATCH", "the relayer's public share is not the key's");
      }
      const signing: SigningPackage = {
        groupKey,
        message: this.#digest,
        clientCommitments: this.commitments,
        relayerCommitments,
      };
      const clientShare = signShare("client", share, state.nonces, signing);
      this.#state = { stage: "answered", signing, clientShare };
      return clientShare.slice();
    } catch (error) {
      throw malformed(error);
    } finally {
      state.nonces.fill(0);
    }
  }

  /** The whole signature, verified. Throws VaultError ROUND_SPENT, RELAYER_SHARE_INVALID. */
  finish(relayerSignatureShare: Uint8Array, signature: Uint8Array): Uint8Array {
    const { signing, clientShare } = this.#leave("answered");
    try {
      const { relayerVerifyingShare } = this.#key;
      if (!verifyShare("relayer", relayerVerifyingShare, relayerSignatureShare, signing)) {
        throw new FrostError("the relayer's signature share does not verify");
      }
      const whole = aggregate(signing, clientShare, relayerSignatureShare);
      if (!sameBytes(whole, signature)) throw new FrostError("the signature is not the sum of its shares");
      return whole;
    } catch (error) {
      if (!(error instanceof FrostError)) throw error;
      throw new VaultError("RELAYER_SHARE_INVALID", error.message);
    }
  }

  /** Erases what is left. */
  abandon(): void {
    if (this.#state.stage === "committed") this.#state.nonces.fill(0);
    this.#state = OVER;
  }

  /** Takes the state away before anything can fail, so that no second call meets it. */
  #leave<Stage extends State["stage"]>(stage: Stage): Extract<State, { stage: Stage }> {
    const state = this.#state;
    if (state.stage !== stage) {
      this.abandon();
      throw spent();
    }
    this.#state = OVER;
    return state as Extract<State, { stage: Stage }>;
  }
}
