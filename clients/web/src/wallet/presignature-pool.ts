import { base64Encode } from "@bufbuild/protobuf/wire";
import type { SigningRequest } from "@countersign/gen/countersign/threshold/v1/ed25519_pb.ts";
import { unlessAborted } from "../clock.ts";
import { type CountersignError, errorOf } from "../countersign-error.ts";
import { pauseAfter } from "../retry-policy.ts";
import { waitFor } from "../retrying-transport.ts";
import type { Vault } from "../vault/vault-client.ts";
import { cancelled } from "./app-session.ts";
import { type EcdsaContext, makePresignature } from "./make-presignature.ts";
import type { ThresholdSessions } from "./threshold-sessions.ts";
import { fromVault, notReady } from "./wallet-errors.ts";
import type { WalletKey } from "./wallet-key.ts";

/** A presignature that was taken for one signature. */
type Taken = NonNullable<Awaited<ReturnType<Vault["beginEcdsa"]>>>;

/** The pool of a key that is being filled. */
interface Filling {
  readonly abort: AbortController;
  /** Ends with the next presignature, or with the filling. */
  next: PromiseWithResolvers<void>;
  /** Ends the rest before the next presignature. */
  rest: AbortController;
}

/** Held at most, whatever the signer allows. */
const MAX_HELD = 8;
/**
 * Pause after a presignature for which nobody waits, in milliseconds. A presignature takes five calls: this leaves most of
 * what a relay lets its user call by default (5 a second, 20 at once) to what the user does.
 */
const REST_MS = 2_000;
/** How often room is made for one request, each of which is one of its five runs. */
const MAX_ROOMS = 2;

/**
 * The presignatures of a wallet's keys. It is filled in the background, by one filling a key, and asks for no passkey: it
 * stops where there is no threshold session.
 */
export class PresignaturePool {
  readonly #context: EcdsaContext;
  readonly #sessions: ThresholdSessions;
  readonly #fillings = new Map<string, Filling>();
  /** Keys for which a signature makes room now. */
  readonly #rooms = new Map<string, Promise<void>>();

  constructor(context: EcdsaContext, sessions: ThresholdSessions) {
    this.#context = context;
    this.#sessions = sessions;
  }

  /** Fills the key's pool in the background when it has too few. What fails is tried again with the next signature. */
  refill(key: WalletKey): void {
    this.#filling(key);
  }

  /**
   * Takes a presignature for the request's digest; makes one, and waits for it, when there is none. Throws what presigning
   * throws.
   */
  async take(key: WalletKey, request: SigningRequest, signal: AbortSignal | undefined): Promise<Taken> {
    const { vault } = this.#context;
    const { keyId } = key;
    const { digest } = request;
    for (let rooms = 0; ; ) {
      const taken = await fromVault(vault.beginEcdsa({ keyId, digest }));
      if (taken !== undefined) return taken;
      try {
        const { next, rest } = this.#filling(key);
        rest.abort();
        await unlessAborted(next.promise, signal);
      } catch (thrown) {
        if (signal?.aborted) throw cancelled(signal);
        const error = errorOf(thrown);
        if (error.reason !== "PRESIGNATURE_POOL_FULL" || rooms === MAX_ROOMS) throw error;
        const others = this.#rooms.get(keyId);
        if (others === undefined) rooms++;
        await (others ?? this.#roomFor(keyId, request, signal));
      }
    }
  }

  /** Forgets presignatures that the signer does not have any more; answers how the pool stands. */
  async reconcile(keyId: string, signal: AbortSignal | undefined) {
    const { vault, ecdsa } = this.#context;
    // Before the signer is asked: what is put in meanwhile is not forgotten.
    const held = await fromVault(vault.heldPresignatures({ keyId }));
    const pool = await ecdsa.getPresignaturePool({ keyId }, signal === undefined ? {} : { signal });
    const known = new Set(pool.presignatureIds.map((id) => base64Encode(id, "url")));
    const ids = held.filter((id) => !known.has(id));
    if (ids.length > 0) await fromVault(vault.forgetPresignatures({ keyId, ids }));
    const most = Math.min(pool.capacity, MAX_HELD);
    return { held: held.length - ids.length, most, refillBelow: Math.min(pool.refillBelow, most) };
  }

  /** Ends all fillings; what they were at is dropped. */
  stop(): void {
    for (const { abort } of this.#fillings.values()) abort.abort();
    this.#fillings.clear();
  }

  /** The filling of the key that runs, or a new one. */
  #filling(key: WalletKey): Filling {
    const { keyId } = key;
    const running = this.#fillings.get(keyId);
    if (running !== undefined) return running;
    const filling: Filling = {
      abort: new AbortController(),
      next: waitable(),
      rest: new AbortController(),
    };
    this.#fillings.set(keyId, filling);
    this.#fill(keyId, filling)
      .then(
        () => filling.next.resolve(),
        (error) => filling.next.reject(error),
      )
      .finally(() => {
        if (this.#fillings.get(keyId) === filling) this.#fillings.delete(keyId);
      });
    return filling;
  }

  async #fill(keyId: string, filling: Filling): Promise<void> {
    const { signal } = filling.abort;
    const { held, most, refillBelow } = await this.reconcile(keyId, signal);
    if (held > 0 && held >= refillBelow) return;
    if (most === 0) throw notReady("PRESIGNATURE_POOL_EMPTY", "the signer holds no presignatures");
    let count = held;
    while (count < most) {
      await this.#makeOne(keyId, signal);
      filling.next.resolve();
      filling.next = waitable();
      filling.rest = new AbortController();
      count = (await fromVault(this.#context.vault.heldPresignatures({ keyId }))).length;
      if (count < most) await this.#rest(filling);
    }
  }

  async #rest({ abort, rest }: Filling): Promise<void> {
    const { clock } = this.#context;
    await clock.wait(REST_MS, AbortSignal.any([abort.signal, rest.signal])).catch(() => undefined);
    abort.signal.throwIfAborted();
  }

  /** One presignature. A run that ended for a passing reason is followed by another one, with secrets of its own. */
  async #makeOne(keyId: string, signal: AbortSignal): Promise<void> {
    const { clock } = this.#context;
    for (let failures = 1; ; failures++) {
      signal.throwIfAborted();
      const token = this.#sessions.heldToken(keyId);
      if (token === undefined) throw notReady("THRESHOLD_SESSION_INVALID", "there is no threshold session");
      try {
        return await makePresignature(this.#context, keyId, token, signal);
      } catch (thrown) {
        const error = errorOf(thrown);
        const pause = this.#pauseAfter(error, failures);
        if (pause === undefined) throw error;
        await waitFor(pause, signal, clock);
      }
    }
  }

  #pauseAfter(error: CountersignError, failures: number): number | undefined {
    const { policy, clock } = this.#context;
    const isOver =
      error.reason === "PRESIGN_SESSION_INVALID" ||
      (error.reason === "CREDENTIALS_EXPIRED" && failures === 1);
    if (isOver && failures < policy.attempts) return 0;
    return pauseAfter(error, failures, policy, clock.random);
  }

  /** Makes room, one signature of the key after another: two would take the same presignature. */
  #roomFor(keyId: string, request: SigningRequest, signal: AbortSignal | undefined): Promise<void> {
    const making = this.#makeRoom(keyId, request, signal);
    const ended = making.catch(() => {}).finally(() => this.#rooms.delete(keyId));
    this.#rooms.set(keyId, ended);
    return making;
  }

  /**
   * The signer's pool is full of what this wallet does not have: another device's, or those of site data that were erased.
   * The oldest is reserved for the request; the request's next presignature destroys it.
   */
  async #makeRoom(
    keyId: string,
    { requestId, digest }: SigningRequest,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { ecdsa } = this.#context;
    const call = signal === undefined ? {} : { signal };
    const [presignatureId] = (await ecdsa.getPresignaturePool({ keyId }, call)).presignatureIds;
    if (presignatureId === undefined) return;
    // Nobody knows what hashes to this: the signature is never finished.
    const clientEntropyHash = crypto.getRandomValues(new Uint8Array(32));
    await ecdsa.signEcdsaInit({ requestId, keyId, digest, presignatureId, clientEntropyHash }, call);
  }
}

/** One that nobody has to wait for. */
function waitable(): PromiseWithResolvers<void> {
  const waiting = Promise.withResolvers<void>();
  waiting.promise.catch(() => {});
  return waiting;
}
