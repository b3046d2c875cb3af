import { type Presignature, wipePresignature } from "@countersign/crypto/ot-ecdsa/presignature.ts";
import { ProtocolAbort } from "@countersign/crypto/ot-ecdsa/protocol-abort.ts";
import { rerandomise, signingEntropy } from "@countersign/crypto/ot-ecdsa/rerandomise.ts";
import type { RunTools } from "@countersign/crypto/ot-ecdsa/run-tools.ts";
import { combineSignature, decodeSignMessage, signatureShare } from "@countersign/crypto/ot-ecdsa/sign.ts";
import type { EcdsaSignature } from "./ecdsa-vault-api.ts";
import { spent, VaultError } from "./vault-error.ts";

/** What a signature is made of. */
export interface EcdsaRoundParts {
  /** X, 33 bytes. */
  readonly publicKey: Uint8Array;
  /** 32 bytes. */
  readonly digest: Uint8Array;
  /** In no store any more; the round erases it. */
  readonly presignature: Presignature;
  /** 32 fresh bytes. */
  readonly clientEntropy: Uint8Array;
}

type State =
  | { readonly stage: "taken" }
  | { readonly stage: "revealed"; readonly entropy: Uint8Array }
  | { readonly stage: "over" };

const ENTROPY_SIZE = 32;
const CLIENT = 1;

/**
 * The client's side of one signature, whose presignature was taken for it alone. Its stages follow one another and none
 * comes twice: taken → revealed → over, or over from anywhere. The client is the coordinator, so its share stays here.
 */
export class EcdsaRound {
  readonly #parts: EcdsaRoundParts;
  readonly #tools: RunTools;
  #state: State = { stage: "taken" };

  constructor(parts: EcdsaRoundParts, tools: RunTools) {
    this.#parts = parts;
    this.#tools = tools;
  }

  /** The client's entropy, once: the relayer has fixed digest and its own by now. Throws ROUND_SPENT, MALFORMED. */
  reveal(signingSessionId: string, relayerEntropy: Uint8Array): Uint8Array {
    const { clientEntropy } = this.#parts;
    this.#leave("taken");
    if (relayerEntropy.length !== ENTROPY_SIZE) {
      this.abandon();
      throw new VaultError("MALFORMED", `the relayer's entropy has ${relayerEntropy.length} bytes, not 32`);
    }
    const entropy = signingEntropy(signingSessionId, clientEntropy, relayerEntropy);
    this.#state = { stage: "revealed", entropy };
    return clientEntropy.slice();
  }

  /** The whole signature, verified. Throws ROUND_SPENT, RELAYER_SHARE_INVALID. */
  finish(message: Uint8Array): EcdsaSignature {
    const { entropy } = this.#leave("revealed");
    const { presignature, publicKey, digest } = this.#parts;
    const values = rerandomise(this.#tools, { presignature, publicKey, digest, entropy });
    wipePresignature(presignature);
    const own = signatureShare(CLIENT, values, digest);
    wipePresignature(values);
    try {
      const shares = [own, decodeSignMessage(message)] as const;
      return combineSignature(this.#tools, { publicKey, digest, bigR: values.bigR, shares });
    } catch (error) {
      if (!(error instanceof ProtocolAbort)) throw error;
      throw new VaultError("RELAYER_SHARE_INVALID", error.message);
    } finally {
      own.fill(0);
    }
  }

  /** Erases what is left. */
  abandon(): void {
    wipePresignature(this.#parts.presignature);
    this.#state = { stage: "over" };
  }

  /** Takes the state away before anything can fail, so that no second call meets it. */
  #leave<Stage extends State["stage"]>(stage: Stage): Extract<State, { stage: Stage }> {
    const state = this.#state;
    if (state.stage !== stage) {
      this.abandon();
      throw spent();
    }
    this.#state = { stage: "over" };
    return state as Extract<State, { stage: Stage }>;
  }
}
