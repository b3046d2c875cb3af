import { wrapKeySeed } from "@countersign/crypto/derive.ts";
import type { Random } from "@countersign/crypto/encodings.ts";
import { noblePoints } from "@countersign/crypto/ot-ecdsa/noble-points.ts";
import type { PointBackend } from "@countersign/crypto/ot-ecdsa/point-backend.ts";
import { EcdsaVault } from "./ecdsa-vault.ts";
import { Ed25519Vault } from "./ed25519-vault.ts";
import type { EnvelopeStore } from "./envelope-store.ts";
import { ExportDesk } from "./export-desk.ts";
import { LockVault } from "./lock-vault.ts";
import { NoLockVault } from "./no-lock-vault.ts";
import type { OpenedShares } from "./opened-shares.ts";
import { pause } from "./pause.ts";
import { memoryPresignatures, type PresignatureStore } from "./presignature-store.ts";
import { SealedEnvelopes } from "./sealed-envelopes.ts";
import type { VaultApi } from "./vault-api.ts";
import { malformed, VaultError } from "./vault-error.ts";

/** What a vault takes of its platform, where that has something better. */
export interface VaultPlatform {
  /** Arithmetic of secp256k1: noble's if absent. */
  readonly points?: PointBackend;
  /** Where presignatures wait, sealed: in memory if absent. */
  readonly presignatures?: PresignatureStore;
  /**
   * Where envelopes of server locks are kept, and with that, that there are any. If absent, no seed outlives its unlocking, and
   * the methods of `LockVaultApi` refuse.
   */
  readonly envelopes?: EnvelopeStore;
  /** For a vault without `envelopes`: where some may be of former times, which `forgetEnvelopes` deletes. */
  readonly formerEnvelopes?: Pick<EnvelopeStore, "forgetAll">;
}

type Of<M extends keyof VaultApi> = Parameters<VaultApi[M]>[0];

const PRF_SIZE = 32;

/** The client's half of threshold keys, of both schemes, and of the server lock: what runs in the worker. */
export class ShareVault implements VaultApi {
  readonly #ed25519: Ed25519Vault;
  readonly #ecdsa: EcdsaVault;
  readonly #locks: LockVault | NoLockVault;
  readonly #exports: ExportDesk;

  /** `random` is a cryptographic generator. */
  constructor(random: Random, platform: VaultPlatform = {}) {
    const { points = noblePoints, presignatures = memoryPresignatures() } = platform;
    const { envelopes, formerEnvelopes } = platform;
    this.#ed25519 = new Ed25519Vault(random);
    this.#ecdsa = new EcdsaVault({ points, pause, random: (_, size) => random(size) }, presignatures);
    this.#locks =
      envelopes === undefined
        ? new NoLockVault(formerEnvelopes)
        : new LockVault(random, new SealedEnvelopes(envelopes), (...of) => this.#open(...of));
    this.#exports = new ExportDesk([this.#ed25519, this.#ecdsa]);
  }

  unlock({ prfFirst, accountId, rpId }: Of<"unlock">) {
    const secret = new Uint8Array(prfFirst);
    let seed: Uint8Array | undefined;
    try {
      if (secret.length !== PRF_SIZE) {
        throw new VaultError("MALFORMED", `the PRF gave ${secret.length} bytes, not ${PRF_SIZE}`);
      }
      seed = wrapKeySeed(secret, accountId, rpId);
      const opened = this.#open(seed, accountId, rpId);
      // By the passkey alone, and not where a relay opened them.
      this.#exports.unlocked(opened.shareId);
      return opened;
    } catch (error) {
      throw malformed(error);
    } finally {
      secret.fill(0);
      seed?.fill(0);
    }
  }

  prove(of: Of<"prove">) {
    return this.#ed25519.prove(of);
  }

  confirm(of: Of<"confirm">) {
    return this.#ed25519.confirm(of);
  }

  adopt(of: Of<"adopt">) {
    return this.#ed25519.adopt(of);
  }

  commit(of: Of<"commit">) {
    return this.#ed25519.commit(of);
  }

  answer(of: Of<"answer">) {
    return this.#ed25519.answer(of);
  }

  finish(of: Of<"finish">) {
    return this.#ed25519.finish(of);
  }

  abandon(of: Of<"abandon">) {
    return this.#ed25519.abandon(of);
  }

  proveEcdsa(of: Of<"proveEcdsa">) {
    return this.#ecdsa.proveEcdsa(of);
  }

  confirmEcdsa(of: Of<"confirmEcdsa">) {
    return this.#ecdsa.confirmEcdsa(of);
  }

  adoptEcdsa(of: Of<"adoptEcdsa">) {
    return this.#ecdsa.adoptEcdsa(of);
  }

  beginPresign(of: Of<"beginPresign">) {
    return this.#ecdsa.beginPresign(of);
  }

  advancePresign(of: Of<"advancePresign">) {
    return this.#ecdsa.advancePresign(of);
  }

  abandonPresign(of: Of<"abandonPresign">) {
    return this.#ecdsa.abandonPresign(of);
  }

  heldPresignatures(of: Of<"heldPresignatures">) {
    return this.#ecdsa.heldPresignatures(of);
  }

  forgetPresignatures(of: Of<"forgetPresignatures">) {
    return this.#ecdsa.forgetPresignatures(of);
  }

  beginEcdsa(of: Of<"beginEcdsa">) {
    return this.#ecdsa.beginEcdsa(of);
  }

  revealEcdsa(of: Of<"revealEcdsa">) {
    return this.#ecdsa.revealEcdsa(of);
  }

  finishEcdsa(of: Of<"finishEcdsa">) {
    return this.#ecdsa.finishEcdsa(of);
  }

  abandonEcdsa(of: Of<"abandonEcdsa">) {
    return this.#ecdsa.abandonEcdsa(of);
  }

  heldEnvelopes(of: Of<"heldEnvelopes">) {
    return this.#locks.heldEnvelopes(of);
  }

  beginEnvelope(of: Of<"beginEnvelope">) {
    return this.#locks.beginEnvelope(of);
  }

  finishEnvelope(of: Of<"finishEnvelope">) {
    return this.#locks.finishEnvelope(of);
  }

  beginOpening(of: Of<"beginOpening">) {
    return this.#locks.beginOpening(of);
  }

  finishOpening(of: Of<"finishOpening">) {
    return this.#locks.finishOpening(of);
  }

  abandonPass(of: Of<"abandonPass">) {
    return this.#locks.abandonPass(of);
  }

  forgetEnvelopes(of: Of<"forgetEnvelopes">) {
    return this.#locks.forgetEnvelopes(of);
  }

  beginExport() {
    return this.#exports.begin();
  }

  finishExport(of: Of<"finishExport">) {
    return this.#exports.finish(of);
  }

  lock(): void {
    this.#exports.clear();
    this.#locks.lock();
    this.#ecdsa.lock();
    this.#ed25519.lock();
  }

  /** Derives the shares of a wallet's seed, which stays the caller's, and keeps them; with a server lock, a copy of it. Throws MALFORMED. */
  #open(seed: Uint8Array, accountId: string, rpId: string): OpenedShares {
    const ed25519 = this.#ed25519.unlock(seed, accountId, rpId);
    const { shareId } = ed25519;
    const ecdsaVerifyingShare = this.#ecdsa.unlock(shareId, seed, accountId, rpId);
    this.#locks.keep(shareId, seed, accountId, rpId);
    return { ...ed25519, ecdsaVerifyingShare };
  }
}
