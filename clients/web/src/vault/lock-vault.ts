import type { Random } from "@countersign/crypto/encodings.ts";
import {
  beginRegistration,
  beginUnlock,
  type Pass,
  type Registered,
} from "@countersign/crypto/lock/client-passes.ts";
import { openEnvelope, sealEnvelope } from "@countersign/crypto/lock/envelope.ts";
import { ffdhe3072 } from "@countersign/crypto/lock/ffdhe3072.ts";
import { blindedPower } from "@countersign/crypto/lock/ffdhe3072-power.ts";
import { LockError } from "@countersign/crypto/lock/lock-error.ts";
import type { LockSuite } from "@countersign/crypto/lock/lock-suite.ts";
import { ristretto255 } from "@countersign/crypto/lock/ristretto255.ts";
import type { EnvelopeName, EnvelopeOwner } from "./envelope-store.ts";
import type { ShareId } from "./key-ceremony.ts";
import type { HeldEnvelope, LockVaultApi } from "./lock-vault-api.ts";
import type { OpenedShares } from "./opened-shares.ts";
import type { KeptEnvelope, SealedEnvelopes } from "./sealed-envelopes.ts";
import { locked, malformed, spent, VaultError } from "./vault-error.ts";

type Of<M extends keyof LockVaultApi> = Parameters<LockVaultApi[M]>[0];

/** A wallet's seed, and what it was derived for. */
interface HeldSeed {
  readonly seed: Uint8Array;
  readonly accountId: string;
  readonly rpId: string;
}

/** An envelope that waits for the relay's lock to be put on. */
interface Sealing {
  readonly shareId: ShareId;
  readonly suite: number;
  readonly pass: Pass<Registered>;
}

/** An envelope that waits for the relay's lock to be taken off. */
interface Opening {
  readonly name: EnvelopeName;
  readonly kept: KeptEnvelope;
  readonly pass: Pass<Uint8Array>;
}

/** Derives the shares of a seed, which stays the caller's, and keeps them. Throws MALFORMED. */
type OpenShares = (seed: Uint8Array, accountId: string, rpId: string) => OpenedShares;

/** What is sealed: names in the envelope's additional data. */
const SECRET_KIND = "wrap-key-seed";
const SEED_SIZE = 32;
/** Passes that are open at once; the oldest is abandoned for one more. */
const MAX_PASSES = 16;
const NOTHING = new Uint8Array();

/** The client's half of the server lock: seeds, for as long as their shares are here, and envelopes of them. */
export class LockVault implements LockVaultApi {
  readonly #random: Random;
  readonly #envelopes: SealedEnvelopes;
  readonly #openShares: OpenShares;
  readonly #suites: readonly LockSuite[];
  readonly #seeds = new Map<ShareId, HeldSeed>();
  readonly #sealings = new Map<number, Sealing>();
  readonly #openings = new Map<number, Opening>();
  /** Writes to the store end in the order in which they began: what is forgotten is not written again by an earlier one. */
  #written: Promise<unknown> = Promise.resolve();
  #lastPass = 0;
  /** How often the vault was locked or its envelopes forgotten: what waited for the store meanwhile opens nothing. */
  #epoch = 0;

  /** `random` is a cryptographic generator. */
  constructor(random: Random, envelopes: SealedEnvelopes, openShares: OpenShares) {
    this.#random = random;
    this.#envelopes = envelopes;
    this.#openShares = openShares;
    this.#suites = [ristretto255, ffdhe3072(blindedPower(random), random)];
  }

  /** Keeps a copy of the seed, so that envelopes can be made of it. */
  keep(shareId: ShareId, seed: Uint8Array, accountId: string, rpId: string): void {
    if (!this.#seeds.has(shareId)) this.#seeds.set(shareId, { seed: seed.slice(), accountId, rpId });
  }

  async heldEnvelopes(owner: EnvelopeOwner): Promise<readonly HeldEnvelope[]> {
    const kept = await this.#envelopes.of(owner);
    return [...kept].map(
      ([
        relay,
        {
          envelope: { suite, keyId },
          credentialId,
        },
      ]) => ({
        ...{ relay, suite, keyId, credentialId },
      }),
    );
  }

  beginEnvelope({ shareId, suite }: Of<"beginEnvelope">) {
    if (!this.#seeds.has(shareId)) throw locked();
    const pass = beginRegistration(this.#suite(suite), this.#random);
    const passId = this.#nextPass();
    this.#sealings.set(passId, { shareId, suite, pass });
    return { passId, element: pass.request };
  }

  async finishEnvelope({ passId, element, proof, commitment, ...of }: Of<"finishEnvelope">) {
    const sealing = this.#sealings.get(passId);
    this.#sealings.delete(passId);
    if (sealing === undefined) throw spent();
    const { shareId, suite, pass } = sealing;
    const held = this.#seeds.get(shareId);
    if (held === undefined) throw locked();
    const { tenant, relay, credentialId } = of;
    const { accountId, rpId, seed } = held;
    const { keyId, kek, lockedKek } = answered(() => pass.finish({ element, proof }, commitment));
    const envelope = sealed(() => {
      const lock = { suite, relayOrigin: relay, keyId, lockedKek };
      return sealEnvelope(lock, kek, { accountId, rpId, secretKind: SECRET_KIND }, seed, this.#random);
    }, kek);
    const name = { tenant, rpId, accountId, relay };
    await this.#write(() => this.#envelopes.put(name, { envelope, commitment, credentialId }));
    return { keyId };
  }

  async beginOpening(name: EnvelopeName) {
    const epoch = this.#epoch;
    const kept = (await this.#envelopes.of(name)).get(name.relay);
    if (epoch !== this.#epoch) throw locked();
    if (kept === undefined) return undefined;
    const { suite, keyId } = kept.envelope;
    let pass: Pass<Uint8Array>;
    try {
      pass = beginUnlock(this.#suite(suite), kept.envelope, this.#random);
    } catch (error) {
      throw await this.#unusable(name, error);
    }
    const passId = this.#nextPass();
    this.#openings.set(passId, { name, kept, pass });
    return { passId, keyId, element: pass.request };
  }

  async finishOpening({ passId, element, proof }: Of<"finishOpening">) {
    const opening = this.#openings.get(passId);
    this.#openings.delete(passId);
    if (opening === undefined) throw spent();
    const { name, kept, pass } = opening;
    const { envelope, commitment, credentialId } = kept;
    const { accountId, rpId } = name;
    const kek = answered(() => pass.finish({ element, proof }, commitment));
    let seed: Uint8Array;
    try {
      seed = openEnvelope(envelope, kek, { accountId, rpId, secretKind: SECRET_KIND });
    } catch (error) {
      throw await this.#unusable(name, error);
    } finally {
      kek.fill(0);
    }
    try {
      if (seed.length !== SEED_SIZE) throw await this.#unusable(name, undefined);
      return { ...this.#openShares(seed, accountId, rpId), credentialId };
    } finally {
      seed.fill(0);
    }
  }

  abandonPass({ passId }: Of<"abandonPass">): void {
    const sealing = this.#sealings.get(passId);
    const opening = this.#openings.get(passId);
    this.#sealings.delete(passId);
    this.#openings.delete(passId);
    // No answer, which no pass takes: it erases its secrets.
    if (sealing !== undefined) end(() => sealing.pass.finish({ element: NOTHING, proof: NOTHING }, NOTHING));
    if (opening !== undefined) {
      end(() => opening.pass.finish({ element: NOTHING, proof: NOTHING }, opening.kept.commitment));
    }
  }

  async forgetEnvelopes(of: Of<"forgetEnvelopes">): Promise<void> {
    this.#abandonAll();
    await this.#write(() => this.#envelopes.forgetAll(of));
  }

  lock(): void {
    this.#abandonAll();
    for (const { seed } of this.#seeds.values()) seed.fill(0);
    this.#seeds.clear();
  }

  #abandonAll(): void {
    this.#epoch++;
    for (const passId of [...this.#sealings.keys(), ...this.#openings.keys()]) this.abandonPass({ passId });
  }

  #suite(number: number): LockSuite {
    const suite = this.#suites.find((one) => one.number === number);
    if (suite === undefined) throw new VaultError("MALFORMED", "there is no such suite of locks");
    return suite;
  }

  #nextPass(): number {
    for (const oldest of [...this.#sealings.keys(), ...this.#openings.keys()].sort((a, b) => a - b)) {
      if (this.#sealings.size + this.#openings.size < MAX_PASSES) break;
      this.abandonPass({ passId: oldest });
    }
    return ++this.#lastPass;
  }

  #write<T>(act: () => Promise<T>): Promise<T> {
    const writing = this.#written.then(act);
    this.#written = writing.catch(() => undefined);
    return writing;
  }

  /** Deletes an envelope that opens nowhere, and says so. */
  async #unusable(name: EnvelopeName, error: unknown): Promise<unknown> {
    if (error !== undefined && !(error instanceof LockError)) return error;
    await this.#write(() => this.#envelopes.forget(name));
    return new VaultError("ENVELOPE_UNUSABLE", error?.message ?? "the envelope holds no seed");
  }
}

/** What a relay's answer gives. Throws LOCK_ANSWER_INVALID. */
function answered<T>(finish: () => T): T {
  try {
    return finish();
  } catch (error) {
    if (!(error instanceof LockError)) throw error;
    throw new VaultError("LOCK_ANSWER_INVALID", error.message);
  }
}

/** Seals under K, which is erased. Throws MALFORMED for names that do not fit. */
function sealed<T>(seal: () => T, kek: Uint8Array): T {
  try {
    return seal();
  } catch (error) {
    throw malformed(error);
  } finally {
    kek.fill(0);
  }
}

function end(finish: () => unknown): void {
  try {
    finish();
  } catch (error) {
    if (!(error instanceof LockError)) throw error;
  }
}
