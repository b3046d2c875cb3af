import { clientShare } from "@countersign/crypto/derive.ts";
import {
  groupKey,
  keyId,
  type Random,
  SCHEME_ID,
  verifyingShare,
} from "@countersign/crypto/frost-ed25519.ts";
import { type PossessionContext, proveEd25519, verifyEd25519 } from "@countersign/crypto/possession.ts";
import type { Ed25519VaultApi, KnownKey } from "./ed25519-vault-api.ts";
import type { KeyCeremony, ShareId } from "./key-ceremony.ts";
import { type RoundKey, SigningRound } from "./signing-round.ts";
import { locked, malformed, spent, VaultError } from "./vault-error.ts";
import { wholeEd25519Key } from "./whole-key.ts";

/** A share, and what it was derived for. */
interface HeldShare {
  readonly share: Uint8Array;
  readonly verifyingShare: Uint8Array;
  readonly accountId: string;
  readonly rpId: string;
  /** What the latest proof was for, until the signer's answer to it. */
  proving: KeyCeremony | undefined;
}

/** Rounds that are open at once; the oldest is abandoned for one more. */
const MAX_ROUNDS = 64;
const DIGEST_SIZE = 32;
const CHALLENGE_SIZE = 32;
const NO_PEER = new Uint8Array();

/**
 * The client's half of threshold-ed25519-frost-2p-v1. It holds shares and nonces, and gives neither. Everything is
 * synchronous, so that no call can meet another one's half-done work.
 */
export class Ed25519Vault implements Ed25519VaultApi {
  readonly #random: Random;
  readonly #shares = new Map<ShareId, HeldShare>();
  readonly #keys = new Map<string, RoundKey>();
  readonly #rounds = new Map<number, SigningRound>();
  #lastRound = 0;

  /** `random` is a cryptographic generator. */
  constructor(random: Random) {
    this.#random = random;
  }

  /** Derives the account's share from the wallet's seed, which stays the caller's, and keeps it. Throws MALFORMED. */
  unlock(seed: Uint8Array, accountId: string, rpId: string) {
    try {
      const share = clientShare(seed, accountId);
      const point = verifyingShare(share);
      const shareId = keyId(point);
      const held = this.#shares.get(shareId);
      // The keys of a share that was there already refer to its bytes.
      if (held === undefined) {
        this.#shares.set(shareId, { share, verifyingShare: point, accountId, rpId, proving: undefined });
      } else {
        share.fill(0);
      }
      return { shareId, verifyingShare: point.slice() };
    } catch (error) {
      throw malformed(error);
    }
  }

  prove({ shareId, ceremony }: Parameters<Ed25519VaultApi["prove"]>[0]): Uint8Array {
    const held = this.#held(shareId);
    if (ceremony.challenge.length !== CHALLENGE_SIZE) {
      throw new VaultError("MALFORMED", `a challenge has ${CHALLENGE_SIZE} bytes`);
    }
    try {
      const proof = proveEd25519(held.share, contextOf(held, ceremony, "client"), this.#random);
      held.proving = ceremony;
      return proof;
    } catch (error) {
      throw malformed(error);
    }
  }

  confirm({ relayerProof, ...key }: Parameters<Ed25519VaultApi["confirm"]>[0]): void {
    const held = this.#held(key.shareId);
    const ceremony = held.proving;
    held.proving = undefined;
    if (ceremony === undefined) {
      throw new VaultError("NOTHING_TO_CONFIRM", "no proof waits for an answer: begin the key again");
    }
    const context = contextOf(held, ceremony, "relayer", key.relayerVerifyingShare);
    if (!verifyEd25519(relayerProof, context)) {
      throw new VaultError("RELAYER_PROOF_INVALID", "the relayer did not prove that it holds its share");
    }
    this.#take(held, key);
  }

  adopt(key: KnownKey): void {
    this.#take(this.#held(key.shareId), key);
  }

  commit({ keyId, digest }: Parameters<Ed25519VaultApi["commit"]>[0]) {
    const key = this.#keys.get(keyId);
    if (key === undefined) throw locked();
    if (digest.length !== DIGEST_SIZE) {
      throw new VaultError("MALFORMED", `a digest has ${DIGEST_SIZE} bytes`);
    }
    for (const [oldest, round] of this.#rounds) {
      if (this.#rounds.size < MAX_ROUNDS) break;
      round.abandon();
      this.#rounds.delete(oldest);
    }
    const round = new SigningRound(key, digest.slice(), this.#random);
    const roundId = ++this.#lastRound;
    this.#rounds.set(roundId, round);
    return { roundId, commitments: round.commitments };
  }

  answer(of: Parameters<Ed25519VaultApi["answer"]>[0]): Uint8Array {
    return this.#round(of.roundId).answer(of.relayerCommitments, of.relayerVerifyingShare);
  }

  finish(of: Parameters<Ed25519VaultApi["finish"]>[0]): Uint8Array {
    const round = this.#round(of.roundId);
    this.#rounds.delete(of.roundId);
    return round.finish(of.relayerSignatureShare, of.signature);
  }

  abandon({ roundId }: Parameters<Ed25519VaultApi["abandon"]>[0]): void {
    this.#rounds.get(roundId)?.abandon();
    this.#rounds.delete(roundId);
  }

  shareOf(keyId: string): ShareId | undefined {
    const share = this.#keys.get(keyId)?.share;
    return [...this.#shares].find(([, held]) => held.share === share)?.[0];
  }

  lock(): void {
    for (const round of this.#rounds.values()) round.abandon();
    for (const { share } of this.#shares.values()) share.fill(0);
    this.#rounds.clear();
    this.#keys.clear();
    this.#shares.clear();
  }

  /** The whole key, a scalar of 32 bytes, little-endian, of the relayer's share (32 bytes). Throws LOCKED, KEY_MISMATCH. */
  whole(keyId: string, relayerShare: Uint8Array): Uint8Array {
    const key = this.#keys.get(keyId);
    if (key === undefined) throw locked();
    return wholeEd25519Key(key.share, relayerShare, key.groupKey);
  }

  #held(shareId: ShareId): HeldShare {
    const held = this.#shares.get(shareId);
    if (held === undefined) throw locked();
    return held;
  }

  #round(roundId: number): SigningRound {
    const round = this.#rounds.get(roundId);
    if (round === undefined) throw spent();
    return round;
  }

  #take(held: HeldShare, { keyId: name, relayerVerifyingShare }: KnownKey): void {
    let group: Uint8Array;
    try {
      group = groupKey(held.verifyingShare, relayerVerifyingShare);
    } catch (error) {
      throw malformed(error);
    }
    if (keyId(group) !== name) {
      throw new VaultError("KEY_MISMATCH", "the key is not made of this share and the relayer's");
    }
    const { share } = held;
    this.#keys.set(name, {
      share,
      groupKey: group,
      relayerVerifyingShare: relayerVerifyingShare.slice(),
    });
  }
}

function contextOf(
  { verifyingShare, accountId, rpId }: HeldShare,
  ceremony: KeyCeremony,
  role: "client" | "relayer",
  relayerVerifyingShare: Uint8Array = NO_PEER,
): PossessionContext {
  const shares =
    role === "client"
      ? { ownShare: verifyingShare, peerShare: NO_PEER }
      : { ownShare: relayerVerifyingShare, peerShare: verifyingShare };
  return { schemeId: SCHEME_ID, role, accountId, rpId, ...ceremony, ...shares };
}
