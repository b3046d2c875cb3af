import { clientShare } from "@countersign/crypto/derive-secp256k1.ts";
import type { Random } from "@countersign/crypto/encodings.ts";
import { groupKey, keyId, SCHEME_ID, verifyingShare } from "@countersign/crypto/keys-secp256k1.ts";
import type { PossessionContext } from "@countersign/crypto/possession.ts";
import { proveSecp256k1, verifySecp256k1 } from "@countersign/crypto/possession-secp256k1.ts";
import type { KnownEcdsaKey } from "./ecdsa-vault-api.ts";
import type { KeyCeremony } from "./key-ceremony.ts";
import type { SealKey } from "./sealed-presignatures.ts";
import { locked, malformed, VaultError } from "./vault-error.ts";

/** A key that the vault may sign with. */
export interface EcdsaKey {
  readonly keyId: string;
  /** X, 33 bytes. */
  readonly publicKey: Uint8Array;
  readonly share: EcdsaShare;
}

const CHALLENGE_SIZE = 32;
const NO_PEER = new Uint8Array();

/** The client's share of an account's keys of threshold-secp256k1-ecdsa-2p-v1, and what it was derived for. */
export class EcdsaShare {
  /** 33 bytes. */
  readonly verifyingShare: Uint8Array;
  /** Seals the account's presignatures. */
  readonly sealKey: Promise<SealKey>;
  readonly #share: Uint8Array;
  readonly #accountId: string;
  readonly #rpId: string;
  #isErased = false;
  /** What the latest proof was for, until the signer's answer to it. */
  #proving: KeyCeremony | undefined;

  /** Derives it from the wallet's seed, which stays the caller's. Throws MALFORMED. */
  constructor(seed: Uint8Array, accountId: string, rpId: string, sealKey: Promise<SealKey>) {
    try {
      this.#share = clientShare(seed, accountId, rpId);
      this.verifyingShare = verifyingShare(this.#share);
    } catch (error) {
      throw malformed(error);
    }
    this.#accountId = accountId;
    this.#rpId = rpId;
    this.sealKey = sealKey;
  }

  /** The share's own bytes, for as long as it is not erased. Throws LOCKED. */
  get secret(): Uint8Array {
    this.assertThere();
    return this.#share;
  }

  /** Throws LOCKED. Work that waited has to ask again. */
  assertThere(): void {
    if (this.#isErased) throw locked();
  }

  prove(ceremony: KeyCeremony, random: Random): Uint8Array {
    if (ceremony.challenge.length !== CHALLENGE_SIZE) {
      throw new VaultError("MALFORMED", `a challenge has ${CHALLENGE_SIZE} bytes`);
    }
    try {
      const proof = proveSecp256k1(this.secret, this.#context("client", ceremony), random);
      this.#proving = ceremony;
      return proof;
    } catch (error) {
      throw malformed(error);
    }
  }

  confirm(of: KnownEcdsaKey, relayerProof: Uint8Array): EcdsaKey {
    const ceremony = this.#proving;
    this.#proving = undefined;
    if (ceremony === undefined) {
      throw new VaultError("NOTHING_TO_CONFIRM", "no proof waits for an answer: begin the key again");
    }
    const context = this.#context("relayer", ceremony, of.relayerVerifyingShare);
    if (!verifySecp256k1(relayerProof, context)) {
      throw new VaultError("RELAYER_PROOF_INVALID", "the relayer did not prove that it holds its share");
    }
    // The proof was for the ceremony's network, so the name has to be.
    return this.key({ ...of, network: ceremony.network });
  }

  /** The key of this share and the relayer's. Throws MALFORMED, KEY_MISMATCH. */
  key({ keyId: name, network, relayerVerifyingShare }: KnownEcdsaKey): EcdsaKey {
    let publicKey: Uint8Array;
    let made: string;
    try {
      publicKey = groupKey(this.verifyingShare, relayerVerifyingShare);
      made = keyId(network, publicKey);
    } catch (error) {
      throw malformed(error);
    }
    if (made === name) return { keyId: name, publicKey, share: this };
    throw new VaultError("KEY_MISMATCH", "the key is not made of this share and the relayer's");
  }

  erase(): void {
    this.#isErased = true;
    this.#share.fill(0);
  }

  #context(
    role: "client" | "relayer",
    ceremony: KeyCeremony,
    relayerVerifyingShare: Uint8Array = NO_PEER,
  ): PossessionContext {
    const own = this.verifyingShare;
    const shares =
      role === "client"
        ? { ownShare: own, peerShare: NO_PEER }
        : { ownShare: relayerVerifyingShare, peerShare: own };
    const names = { accountId: this.#accountId, rpId: this.#rpId };
    return { schemeId: SCHEME_ID, role, ...names, ...ceremony, ...shares };
  }
}
