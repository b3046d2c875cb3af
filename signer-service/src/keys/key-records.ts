import type { NewKeyNames } from "../backends/backend.ts";
import type { AccountStanding, KeyCheck } from "./account-standing.ts";

/** Where a relayer's key stands in its life. */
export type KeyState = "PENDING" | "ACTIVE" | "DRAINED" | "RETIRED";

/** What the signer's store keeps of a key; nothing secret. */
export interface KeyRecord {
  readonly keyId: string;
  readonly network: string;
  readonly accountId: string;
  /** In text, for example "ed25519:…". */
  readonly publicKey: string;
  /** The backend that holds it, by its name in the configuration, and what finds it there. */
  readonly backend: string;
  readonly reference: string;
  readonly state: KeyState;
  /** Null when the key is not paused. */
  readonly pauseReason: string | null;
  /** The access key's nonce on the chain when an operator told it last; null: the journal is locked for the key. */
  readonly nonceFloor: bigint | null;
  /** The highest nonce in the journal; null when there is none. */
  readonly highestNonce: bigint | null;
}

/** A key that the signer holds and may see for the first time. */
export type NewKeyRecord = Pick<
  KeyRecord,
  "keyId" | "network" | "accountId" | "publicKey" | "backend" | "reference" | "state"
>;

/** The store's side of the keys' lives. Every change is in the audit, in the same commit; `actor` says whose it is. */
export interface KeyRecords {
  /** By key id. Keys that were seen once stay. */
  list(): Promise<KeyRecord[]>;
  /** How an account's keys stand. */
  standing(network: string, accountId: string): Promise<AccountStanding>;
  /**
   * Enters keys that are unknown and gives all of them as they are kept: the state of a known one stays. Throws
   * SIGNER_KEY_EXISTS where a key id, or a public key, is known with another network, account or partner.
   */
  enter(keys: readonly NewKeyRecord[], actor: string): Promise<KeyRecord[]>;
  /**
   * Lets this process make a key for a relay, and gives what `check` says of it; the key counts among its account's until
   * `enterMade`, `disclaim`, or five minutes later. Throws what `check` throws, and RELOAD_RUNNING while another signer of
   * the store makes the key.
   */
  claim(names: NewKeyNames, check: KeyCheck): Promise<Readonly<Record<string, string>>>;
  /** The key that was claimed was not made. */
  disclaim(keyId: string): Promise<void>;
  /** `enter` for a key that was claimed. `detail` is what `claim` gave. */
  enterMade(key: NewKeyRecord, actor: string, detail: Readonly<Record<string, string>>): Promise<KeyRecord>;
  /**
   * Moves a key on; nothing happens when it is there already. Throws SIGNER_KEY_NOT_FOUND, or SIGNER_KEY_STATE_CONFLICT
   * when it is not in one of the states that the step starts from (see keys/key-states.ts), or what `check` throws. A
   * floor goes with ACTIVE.
   */
  move(
    keyId: string,
    to: Exclude<KeyState, "PENDING">,
    floor: bigint | null,
    actor: string,
    check?: KeyCheck,
  ): Promise<KeyRecord>;
  /** Pauses with a reason, or resumes with null. Throws SIGNER_KEY_NOT_FOUND. */
  setPause(keyId: string, reason: string | null, actor: string): Promise<KeyRecord>;
  /** Takes nonces from the chain; a floor never falls. Throws SIGNER_KEY_NOT_FOUND; then nothing was taken. */
  setFloors(floors: readonly { keyId: string; nonce: bigint }[], actor: string): Promise<KeyRecord[]>;
}
