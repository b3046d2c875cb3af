import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { isValidAccountId } from "@countersign/near";
import { DomainError } from "@countersign/service-kit";
import type { NewKeyNames } from "../backends/backend.ts";
import type { SignerEvents } from "../observability/events.ts";
import type { KeyCheck } from "./account-standing.ts";
import type { KeyRecord, KeyRecords, KeyState } from "./key-records.ts";

/** A key as its operators see it. */
export interface KeyView extends KeyRecord {
  /** Whether a policy names the key. */
  readonly hasPolicy: boolean;
}

export interface KeyOperationsOptions {
  readonly records: KeyRecords;
  /** The ring's. */
  readonly generate: (
    backend: string,
    names: NewKeyNames,
    actor: string,
    check?: KeyCheck,
  ) => Promise<KeyRecord>;
  readonly hasPolicy: (key: KeyRecord) => boolean;
  readonly events: Pick<SignerEvents, "keyChanged">;
}

/**
 * What operators do with keys, and relays, whose steps a check allows. Every step is in the store and in its audit when it is answered; each may throw
 * SIGNER_STORE_UNAVAILABLE, SIGNER_KEY_NOT_FOUND where it names a key, and what the check throws.
 */
export class KeyOperations {
  readonly #options: KeyOperationsOptions;

  constructor(options: KeyOperationsOptions) {
    this.#options = options;
  }

  /** All keys that the store knows, by id. */
  async list(): Promise<KeyView[]> {
    return (await this.#options.records.list()).map((record) => this.#view(record));
  }

  pause(keyId: string, reason: string, actor: string): Promise<KeyView> {
    return this.#step("paused", actor, this.#options.records.setPause(keyId, reason, actor));
  }

  resume(keyId: string, actor: string): Promise<KeyView> {
    return this.#step("resumed", actor, this.#options.records.setPause(keyId, null, actor));
  }

  /** Throws what the ring's `generate` throws, and FIELD_INVALID for what is no account id. */
  generate(backend: string, names: NewKeyNames, actor: string, check?: KeyCheck): Promise<KeyView> {
    if (!isValidAccountId(names.accountId)) {
      throw new DomainError(ErrorReason.FIELD_INVALID, "account_id is not an account id");
    }
    return this.#step("generated", actor, this.#options.generate(backend, names, actor, check));
  }

  /** `floor` is the access key's nonce on the chain. Throws SIGNER_KEY_STATE_CONFLICT unless the key is pending. */
  activate(keyId: string, floor: bigint, actor: string, check?: KeyCheck): Promise<KeyView> {
    return this.#move("activated", keyId, "ACTIVE", floor, actor, check);
  }

  /** Throws SIGNER_KEY_STATE_CONFLICT unless the key is active. */
  drain(keyId: string, actor: string, check?: KeyCheck): Promise<KeyView> {
    return this.#move("drained", keyId, "DRAINED", null, actor, check);
  }

  /** Throws SIGNER_KEY_STATE_CONFLICT unless the key is pending or drained. */
  retire(keyId: string, actor: string, check?: KeyCheck): Promise<KeyView> {
    return this.#move("retired", keyId, "RETIRED", null, actor, check);
  }

  /** All of them, or none. Throws FIELD_INVALID for a key that stands twice. */
  async setFloors(floors: readonly { keyId: string; nonce: bigint }[], actor: string): Promise<KeyView[]> {
    if (new Set(floors.map(({ keyId }) => keyId)).size < floors.length) {
      throw new DomainError(ErrorReason.FIELD_INVALID, "floors names a key twice");
    }
    const records = await this.#options.records.setFloors(floors, actor);
    for (const { keyId } of records) {
      this.#options.events.keyChanged({ keyId, change: "floor set", actor });
    }
    return records.map((record) => this.#view(record));
  }

  #move(
    change: string,
    keyId: string,
    to: Exclude<KeyState, "PENDING">,
    floor: bigint | null,
    actor: string,
    check: KeyCheck | undefined,
  ): Promise<KeyView> {
    return this.#step(change, actor, this.#options.records.move(keyId, to, floor, actor, check));
  }

  async #step(change: string, actor: string, done: Promise<KeyRecord>): Promise<KeyView> {
    const record = await done;
    this.#options.events.keyChanged({ keyId: record.keyId, change, actor });
    return this.#view(record);
  }

  #view(record: KeyRecord): KeyView {
    return { ...record, hasPolicy: this.#options.hasPolicy(record) };
  }
}
