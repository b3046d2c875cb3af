import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import type { NewKeyNames } from "../backends/backend.ts";
import type { KeyCheck } from "./account-standing.ts";
import type { KeyMaker } from "./key-maker.ts";
import type { KeyRecord, KeyRecords } from "./key-records.ts";
import type { KeySet } from "./key-set.ts";
import { newRecord, type RingKey } from "./ring-key.ts";

export interface KeyGeneratorOptions {
  readonly records: KeyRecords;
  readonly maker: KeyMaker;
  /** Keys are made in its backends. */
  readonly set: KeySet;
  /** Adds a key to the set, once `enter` has it in the store. */
  readonly enter: <T>(key: RingKey, enter: () => Promise<T>) => Promise<T>;
}

/**
 * Makes keys, which are pending; the same names again give the same key. Every method throws SIGNER_KEY_EXISTS for an id
 * that is another key's, SIGNER_CONFIG_INVALID where no such backend makes keys, SIGNER_BACKEND_UNAVAILABLE and
 * SIGNER_STORE_UNAVAILABLE.
 */
export class KeyGenerator {
  readonly #options: KeyGeneratorOptions;

  constructor(options: KeyGeneratorOptions) {
    this.#options = options;
  }

  /** For an operator: a key that the place has already is taken over. */
  async generate(backend: string, names: NewKeyNames, actor: string): Promise<KeyRecord> {
    const { records, enter } = this.#options;
    const known = await this.#known(backend, names);
    if (known !== undefined) return known;
    const key = await this.#make(backend, names, false);
    const [record] = await enter(key, () => records.enter([newRecord(key, "PENDING")], actor));
    if (record === undefined) throw new Error("the store gave no record of the key that it entered");
    return record;
  }

  /**
   * For a relay, if `check` agrees. A key that the place has and the store does not know is SIGNER_KEY_EXISTS, because
   * nobody knows what it has signed. Throws RELOAD_RUNNING while another signer of the store makes the key.
   */
  async generateChecked(
    backend: string,
    names: NewKeyNames,
    actor: string,
    check: KeyCheck,
  ): Promise<KeyRecord> {
    const { records, enter } = this.#options;
    const detail = await records.claim(names, check);
    try {
      const known = await this.#known(backend, names);
      if (known !== undefined) {
        await records.disclaim(names.keyId);
        return known;
      }
      const key = await this.#make(backend, names, true);
      return await enter(key, () => records.enterMade(newRecord(key, "PENDING"), actor, detail));
    } catch (error) {
      // A key that was made and not entered keeps its claim: the same call again enters it.
      if (!isStoreAway(error)) await records.disclaim(names.keyId).catch(() => undefined);
      throw error;
    }
  }

  /** The key that the store knows under these names. Throws SIGNER_KEY_EXISTS where the id is another key's. */
  async #known(backend: string, { keyId, network, accountId }: NewKeyNames): Promise<KeyRecord | undefined> {
    const known = (await this.#options.records.list()).find((record) => record.keyId === keyId);
    if (known === undefined) return undefined;
    if (known.backend === backend && known.network === network && known.accountId === accountId) return known;
    throw new DomainError(ErrorReason.SIGNER_KEY_EXISTS, `key id ${keyId} is another key's`);
  }

  async #make(backendName: string, names: NewKeyNames, isNew: boolean): Promise<RingKey> {
    const { set, maker } = this.#options;
    const backend = set.backends.find(({ name }) => name === backendName);
    if (backend === undefined) {
      throw new DomainError(ErrorReason.SIGNER_CONFIG_INVALID, `there is no backend ${backendName}`);
    }
    return set.use(() => maker.make(backend, names, isNew));
  }
}

function isStoreAway(error: unknown): boolean {
  return error instanceof DomainError && error.reason === ErrorReason.SIGNER_STORE_UNAVAILABLE;
}
