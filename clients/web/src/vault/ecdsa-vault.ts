import type { Presignature } from "@countersign/crypto/ot-ecdsa/presignature.ts";
import { wipePresignature } from "@countersign/crypto/ot-ecdsa/presignature.ts";
import type { RunTools } from "@countersign/crypto/ot-ecdsa/run-tools.ts";
import { EcdsaRound } from "./ecdsa-round.ts";
import { type EcdsaKey, EcdsaShare } from "./ecdsa-share.ts";
import type { EcdsaSignature, EcdsaVaultApi, KnownEcdsaKey } from "./ecdsa-vault-api.ts";
import type { ShareId } from "./key-ceremony.ts";
import { PresignJob } from "./presign-job.ts";
import type { PresignatureStore } from "./presignature-store.ts";
import { sameBytes } from "./same-bytes.ts";
import { SealedPresignatures, sealKeyOf } from "./sealed-presignatures.ts";
import { locked, spent, VaultError } from "./vault-error.ts";
import { wholeEcdsaKey } from "./whole-key.ts";

type Of<M extends keyof EcdsaVaultApi> = Parameters<EcdsaVaultApi[M]>[0];

/** Runs and rounds that are open at once; the oldest is abandoned for one more. */
const MAX_JOBS = 4;
const MAX_ROUNDS = 16;
const DIGEST_SIZE = 32;
const ENTROPY_SIZE = 32;

/**
 * The client's half of threshold-secp256k1-ecdsa-2p-v1. Presigning waits in between, so what it waited for may be gone:
 * every piece of work belongs to a share, and asks whether that is still there before it gives anything.
 */
export class EcdsaVault implements EcdsaVaultApi {
  readonly #tools: RunTools;
  readonly #presignatures: SealedPresignatures;
  readonly #shares = new Map<ShareId, EcdsaShare>();
  readonly #keys = new Map<string, EcdsaKey>();
  readonly #jobs = new Map<number, PresignJob>();
  readonly #rounds = new Map<number, EcdsaRound>();
  #lastId = 0;

  constructor(tools: RunTools, store: PresignatureStore) {
    this.#tools = tools;
    this.#presignatures = new SealedPresignatures(store);
  }

  /** Derives the account's share from the wallet's seed, which stays the caller's. Throws MALFORMED. */
  unlock(shareId: ShareId, seed: Uint8Array, accountId: string, rpId: string): Uint8Array {
    const held = this.#shares.get(shareId);
    if (held !== undefined) return held.verifyingShare.slice();
    const sealKey = sealKeyOf(seed);
    // Who seals or opens hears of it.
    sealKey.catch(() => {});
    const share = new EcdsaShare(seed, accountId, rpId, sealKey);
    this.#shares.set(shareId, share);
    return share.verifyingShare.slice();
  }

  proveEcdsa({ shareId, ceremony }: Of<"proveEcdsa">): Uint8Array {
    return this.#share(shareId).prove(ceremony, (size) => this.#tools.random("possession", size));
  }

  confirmEcdsa({ relayerProof, ...key }: Of<"confirmEcdsa">): void {
    this.#take(this.#share(key.shareId).confirm(key, relayerProof));
  }

  adoptEcdsa(key: KnownEcdsaKey): void {
    this.#take(this.#share(key.shareId).key(key));
  }

  async beginPresign({ keyId }: Of<"beginPresign">) {
    const job = new PresignJob(this.#key(keyId), this.#tools);
    const runId = ++this.#lastId;
    makeRoom(this.#jobs, MAX_JOBS);
    this.#jobs.set(runId, job);
    return { runId, flight: await job.begin() };
  }

  async advancePresign({ runId, flight, presignatureId }: Of<"advancePresign">) {
    const job = this.#jobs.get(runId);
    if (job === undefined) throw spent();
    try {
      const { flight: next, presignature } = await job.advance(flight);
      if (presignature === undefined) return next;
      await this.#keep(job.key, presignature, presignatureId);
      this.abandonPresign({ runId });
      return [];
    } catch (error) {
      this.abandonPresign({ runId });
      throw error;
    }
  }

  abandonPresign({ runId }: Of<"abandonPresign">): void {
    this.#jobs.get(runId)?.abandon();
    this.#jobs.delete(runId);
  }

  heldPresignatures({ keyId }: Of<"heldPresignatures">): Promise<readonly string[]> {
    return this.#presignatures.held(keyId);
  }

  forgetPresignatures({ keyId, ids }: Of<"forgetPresignatures">): Promise<void> {
    return this.#presignatures.forget(keyId, ids);
  }

  async beginEcdsa({ keyId, digest }: Of<"beginEcdsa">) {
    const key = this.#key(keyId);
    if (digest.length !== DIGEST_SIZE) throw new VaultError("MALFORMED", "a digest has 32 bytes");
    const clientEntropy = this.#tools.random("signing entropy", ENTROPY_SIZE);
    const hash = await crypto.subtle.digest("SHA-256", Uint8Array.from(clientEntropy));
    const presignature = await this.#presignatures.take(key);
    if (presignature === undefined) return undefined;
    if (this.#keys.get(keyId) !== key) {
      wipePresignature(presignature);
      throw locked();
    }
    const { publicKey } = key;
    const parts = { publicKey, digest: digest.slice(), presignature, clientEntropy };
    const roundId = ++this.#lastId;
    makeRoom(this.#rounds, MAX_ROUNDS);
    this.#rounds.set(roundId, new EcdsaRound(parts, this.#tools));
    return { roundId, presignatureId: presignature.id.slice(), clientEntropyHash: new Uint8Array(hash) };
  }

  revealEcdsa({ roundId, signingSessionId, relayerEntropy }: Of<"revealEcdsa">): Uint8Array {
    return this.#round(roundId).reveal(signingSessionId, relayerEntropy);
  }

  finishEcdsa({ roundId, message }: Of<"finishEcdsa">): EcdsaSignature {
    const round = this.#round(roundId);
    this.#rounds.delete(roundId);
    return round.finish(message);
  }

  abandonEcdsa({ roundId }: Of<"abandonEcdsa">): void {
    this.#rounds.get(roundId)?.abandon();
    this.#rounds.delete(roundId);
  }

  shareOf(keyId: string): ShareId | undefined {
    const share = this.#keys.get(keyId)?.share;
    return [...this.#shares].find(([, held]) => held === share)?.[0];
  }

  /** The whole key, 32 bytes, big-endian, of the relayer's share (32 bytes). Throws LOCKED, MALFORMED, KEY_MISMATCH. */
  whole(keyId: string, relayerShare: Uint8Array): Uint8Array {
    const { share, publicKey } = this.#key(keyId);
    return wholeEcdsaKey(share.secret, relayerShare, publicKey);
  }

  lock(): void {
    for (const one of [...this.#jobs.values(), ...this.#rounds.values()]) one.abandon();
    for (const share of this.#shares.values()) share.erase();
    for (const map of [this.#jobs, this.#rounds, this.#keys, this.#shares]) map.clear();
  }

  async #keep(key: EcdsaKey, presignature: Presignature, name: Uint8Array): Promise<void> {
    if (!sameBytes(presignature.id, name)) {
      wipePresignature(presignature);
      throw new VaultError("PRESIGN_ABORTED", "the relayer finished another presignature");
    }
    await this.#presignatures.put(key, presignature);
  }

  #share(shareId: ShareId): EcdsaShare {
    const share = this.#shares.get(shareId);
    if (share === undefined) throw locked();
    return share;
  }

  #key(keyId: string): EcdsaKey {
    const key = this.#keys.get(keyId);
    if (key === undefined) throw locked();
    return key;
  }

  #round(roundId: number): EcdsaRound {
    const round = this.#rounds.get(roundId);
    if (round === undefined) throw spent();
    return round;
  }

  /** One that is there already stays: work that waits refers to it. */
  #take(key: EcdsaKey): void {
    if (this.#keys.get(key.keyId)?.share !== key.share) this.#keys.set(key.keyId, key);
  }
}

/** Ends the oldest until there is room for one more. */
function makeRoom(map: Map<number, { abandon(): void }>, limit: number): void {
  for (const [oldest, one] of map) {
    if (map.size < limit) return;
    one.abandon();
    map.delete(oldest);
  }
}
