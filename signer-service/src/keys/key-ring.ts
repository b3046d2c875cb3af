import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { formatPublicKey } from "@countersign/near";
import { DomainError } from "@countersign/service-kit";
import type { Backend, NewKeyNames } from "../backends/backend.ts";
import type { SignerEvents } from "../observability/events.ts";
import { findKeyConflict } from "../relayer-signer/key-conflict.ts";
import { type MadeSignature, signWith, verifiedSigning } from "../relayer-signer/own-signature.ts";
import type { OpenKey } from "../relayer-signer/relayer-signer.ts";
import type { KeyCheck } from "./account-standing.ts";
import { bringBack } from "./bring-back.ts";
import { KeyGenerator } from "./key-generator.ts";
import { KeyMaker } from "./key-maker.ts";
import type { KeyRecord, KeyRecords } from "./key-records.ts";
import { closeAll, KeySet } from "./key-set.ts";
import type { KeySource } from "./key-sources.ts";
import type { ConfiguredKey } from "./keys-schema.ts";
import { loadKeys, loadSource } from "./load-keys.ts";
import { newRecord, type RingKey } from "./ring-key.ts";

/** What of a configuration the ring reads itself. */
export interface KeysConfig {
  readonly keys: readonly ConfiguredKey[];
}

export interface KeyRingOptions<C extends KeysConfig> {
  /**
   * Makes the backends of a configuration; their names differ. Throws an Error for what an operator has to mend. A place
   * that gives no answer is no error yet: its backend says so when it is asked.
   */
  readonly openBackends: (config: C) => Promise<readonly Backend[]>;
  readonly records: KeyRecords;
  readonly events: Pick<
    SignerEvents,
    "keysLoaded" | "keysAway" | "backendSigned" | "backendFailed" | "notClosed"
  >;
  /** Monotonic clock in milliseconds. */
  readonly now: () => number;
  /** Resolves after so many milliseconds; rejects when the signal aborts. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

/** Ids of the keys that a new configuration brought and took. */
export interface KeyChange {
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/** Keys that could not be loaded yet; without ids all of the backend are meant. */
export interface MissingKeys {
  readonly backend: string;
  readonly keyIds: readonly string[];
  /** No key of the backend is loaded. */
  readonly isAll: boolean;
  /** Names the keys. */
  readonly problem: string;
}

/** A new configuration's keys, loaded beside those in use. It ends with one call of `takeOver` or `discard`. */
export interface PreparedKeys {
  readonly keys: readonly RingKey[];
  readonly change: KeyChange;
  /**
   * Enters the keys in the store. Throws SIGNER_CONFIG_INVALID when it knows one of them as another one, and
   * SIGNER_STORE_UNAVAILABLE.
   */
  enter(actor: string): Promise<void>;
  /** Puts the keys in place of those in use, once they are entered. */
  takeOver(): void;
  discard(): Promise<void>;
}

/** The keys that the signer holds, from every backend. */
export class KeyRing<C extends KeysConfig> {
  readonly #options: KeyRingOptions<C>;
  #set = new KeySet([], []);
  /** What is under way that only one may do at a time. */
  #busy: string | null = null;
  #maker = new KeyMaker();

  private constructor(options: KeyRingOptions<C>) {
    this.#options = options;
  }

  /**
   * Loads all keys and enters them in the store. Throws what `openBackends` throws, SIGNER_CONFIG_INVALID with every
   * problem, and SIGNER_STORE_UNAVAILABLE; nothing is left open then.
   */
  static async open<C extends KeysConfig>(options: KeyRingOptions<C>, config: C): Promise<KeyRing<C>> {
    const ring = new KeyRing(options);
    const prepared = await ring.prepare(config);
    try {
      await prepared.enter("start");
    } catch (error) {
      await prepared.discard();
      throw error;
    }
    prepared.takeOver();
    return ring;
  }

  /** One key as the relayer's signer takes it. The object stays the same until a reload. */
  open(keyId: string): OpenKey | undefined {
    return this.#set.entry(keyId)?.open;
  }

  key(keyId: string): RingKey | undefined {
    return this.#set.entry(keyId)?.key;
  }

  /** All keys, by id; those of places that are away too, as far as the store knows them from before. */
  all(): RingKey[] {
    return this.#set.keys();
  }

  backends(): readonly Backend[] {
    return this.#set.backends;
  }

  /** What could not be loaded yet. */
  missing(): MissingKeys[] {
    const { missing } = this.#set;
    const missingIds = new Set(missing.flatMap(({ source }) => source.keyIds));
    const loaded = this.#set.keys().filter((key) => key.isRetired !== true && !missingIds.has(key.keyId));
    return missing.map(({ source: { backend, keyIds }, problem }) => ({
      backend: backend.name,
      keyIds,
      isAll: keyIds.length === 0 || !loaded.some((key) => key.backendName === backend.name),
      problem: keyIds.length === 0 ? problem : `key ${keyIds.join(", ")}: ${problem}`,
    }));
  }

  /**
   * Loads a configuration's keys beside those in use. Throws RELOAD_RUNNING while another one is prepared or a key is
   * made, what `openBackends` throws, SIGNER_CONFIG_INVALID with every problem, and SIGNER_STORE_UNAVAILABLE.
   */
  async prepare(config: C): Promise<PreparedKeys> {
    this.#begin("a reload is under way");
    try {
      const { records, openBackends } = this.#options;
      const backends = await openBackends(config);
      try {
        const { keys, away, missing, problems } = await loadKeys(backends, config.keys, await records.list());
        if (problems.length > 0) throw invalid(problems.join("; "));
        const set = new KeySet(backends, missing);
        const loaded = keys.map(({ key }) => key);
        set.put([...away, ...loaded].map((key) => this.#entryOf(key)));
        const entering = keys.map(({ key, initialState }) => newRecord(key, initialState));
        return {
          keys: set.keys(),
          change: changeBetween(this.#set, set),
          enter: async (actor) => {
            await records.enter(entering, actor).catch((error: unknown) => {
              throw isKeyExists(error) ? invalid(error.message) : error;
            });
          },
          takeOver: () => {
            this.#busy = null;
            this.#takeOver(set, loaded);
          },
          discard: async () => {
            this.#busy = null;
            await this.#closeAll(backends);
          },
        };
      } catch (error) {
        await this.#closeAll(backends);
        throw error;
      }
    } catch (error) {
      this.#busy = null;
      throw error;
    }
  }

  #takeOver(set: KeySet, loaded: readonly RingKey[]): void {
    const { events, wait } = this.#options;
    const old = this.#set;
    this.#set = set;
    events.keysLoaded(loaded);
    const onProblem = ({ backend, keyIds }: KeySource, problem: string) =>
      events.keysAway({ backend: backend.name, keyIds, problem });
    for (const { source, problem } of set.missing) onProblem(source, problem);
    old.retire().then((failures) => failures.forEach(events.notClosed));
    this.#maker = new KeyMaker();
    void bringBack(set, {
      load: (source) =>
        set.use(async () => {
          const keys = await loadSource(source);
          // Of a set that is not in use any more nothing is entered: its configuration may have gone.
          if (set.retired.aborted) return;
          const entering = keys.map((key) => newRecord(key, source.initialState));
          await this.#enter(set, keys, () => this.#options.records.enter(entering, "start"));
        }),
      onProblem,
      wait,
    });
  }

  /** Makes a key; see KeyGenerator.generate. With a `check`, for a relay. Throws RELOAD_RUNNING, too. */
  async generate(backend: string, names: NewKeyNames, actor: string, check?: KeyCheck): Promise<KeyRecord> {
    this.#begin("a key is being made");
    try {
      const set = this.#set;
      const generator = new KeyGenerator({
        records: this.#options.records,
        maker: this.#maker,
        set,
        enter: (key, enter) => this.#enter(set, [key], enter),
      });
      return await (check === undefined
        ? generator.generate(backend, names, actor)
        : generator.generateChecked(backend, names, actor, check));
    } finally {
      this.#busy = null;
    }
  }

  /** Enters keys that came late and adds them to a set. */
  async #enter<T>(set: KeySet, keys: readonly RingKey[], enter: () => Promise<T>): Promise<T> {
    const ids = new Set(keys.map((key) => key.keyId));
    const conflict = findKeyConflict([...keys, ...set.keys().filter((key) => !ids.has(key.keyId))]);
    if (conflict !== null) throw new DomainError(ErrorReason.SIGNER_KEY_EXISTS, conflict);
    const records = await enter();
    for (const key of keys) this.#maker.entered(key);
    set.put(keys.map((key) => this.#entryOf(key)));
    this.#options.events.keysLoaded(keys);
    return records;
  }

  /** Signatures are made by the backend that holds the key when they are asked for, whichever set that is. */
  #entryOf(key: RingKey) {
    const { backend } = key;
    const outer = {
      describe: () => backend.describe(),
      publicKey: async () => key.publicKey,
      sign: async (hash: Uint8Array) => (await this.#sign(key.keyId, hash)).signature,
    };
    const given = { ...key, backend: outer };
    const sign = verifiedSigning(key.publicKey, (hash) => this.#sign(key.keyId, hash));
    return { key: given, backend, open: { key: given, publicKeyText: formatPublicKey(key.publicKey), sign } };
  }

  async #sign(keyId: string, hash: Uint8Array): Promise<MadeSignature> {
    const { events, now } = this.#options;
    const set = this.#set;
    const held = set.entry(keyId);
    if (held === undefined) {
      throw new DomainError(ErrorReason.SIGNER_KEY_NOT_FOUND, "the signer holds no key of this id");
    }
    const { backendName } = held.key;
    const started = now();
    try {
      const made = await set.use(() => signWith(held.backend, hash));
      events.backendSigned({ backend: backendName, seconds: (now() - started) / 1000 });
      return made;
    } catch (error) {
      events.backendFailed({ backend: backendName });
      throw error;
    }
  }

  /** Lets signatures that are being made finish, and closes the backends. */
  async close(): Promise<void> {
    const failures = await this.#set.retire();
    failures.forEach(this.#options.events.notClosed);
  }

  #begin(what: string): void {
    if (this.#busy !== null) throw new DomainError(ErrorReason.RELOAD_RUNNING, this.#busy);
    this.#busy = what;
  }

  async #closeAll(backends: readonly Backend[]): Promise<void> {
    (await closeAll(backends)).forEach(this.#options.events.notClosed);
  }
}

function changeBetween(before: KeySet, after: KeySet): KeyChange {
  const idsNotIn = (set: KeySet, other: KeySet) =>
    set.keys().flatMap(({ keyId }) => (other.entry(keyId) === undefined ? [keyId] : []));
  return { added: idsNotIn(after, before), removed: idsNotIn(before, after) };
}

function invalid(problems: string): DomainError {
  return new DomainError(ErrorReason.SIGNER_CONFIG_INVALID, problems);
}

function isKeyExists(error: unknown): error is DomainError {
  return error instanceof DomainError && error.reason === ErrorReason.SIGNER_KEY_EXISTS;
}
