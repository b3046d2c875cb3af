import type { AccessKey } from "../codec/action.ts";
import type { VersionedState } from "./state.ts";

/** An account's record. Amounts in yocto, storage in bytes. */
export interface Account {
  readonly amount: bigint;
  readonly locked: bigint;
  readonly storageUsage: bigint;
  /** Length of the deployed code in bytes, 0 without one. */
  readonly codeLength: bigint;
  /** Base58 SHA-256 of the deployed code, {@link NO_CODE} without one. */
  readonly codeHash: string;
  /** The deployed code: the name of a built-in contract, or undefined when it is none. */
  readonly contract: string | undefined;
}

/** CryptoHash::default(), the code hash of an account without a contract. */
export const NO_CODE = "11111111111111111111111111111111";

/** Reads of accounts, access keys and contract data, at the head or at one height. */
export interface StateReader {
  account(id: string): Account | undefined;
  accessKey(id: string, publicKey: string): AccessKey | undefined;
  data(id: string, key: string): string | undefined;
  /** The public keys of an account, in the order in which they were added. */
  publicKeys(id: string): string[];
}

const accountKey = (id: string) => `a/${id}`;
const keyPrefix = (id: string) => `k/${id}/`;
const dataPrefix = (id: string) => `d/${id}/`;

/** Reads the newest state, or the state after the block at `height`. */
export function stateReader(state: VersionedState, height?: bigint): StateReader {
  const get = (key: string) => (height === undefined ? state.get(key) : state.getAt(key, height));
  return {
    account: (id) => get(accountKey(id)) as Account | undefined,
    accessKey: (id, publicKey) => get(keyPrefix(id) + publicKey) as AccessKey | undefined,
    data: (id, key) => get(dataPrefix(id) + key) as string | undefined,
    publicKeys: (id) => {
      const prefix = keyPrefix(id);
      return [...state.keysOf(prefix)]
        .filter((key) => get(key) !== undefined)
        .map((key) => key.slice(prefix.length));
    },
  };
}

interface Write {
  readonly value: unknown;
  readonly group: string | undefined;
}

/** Writes of one receipt, or one transaction, that are kept together or not at all. */
export class StateUpdate implements StateReader {
  readonly #state: VersionedState;
  readonly #writes = new Map<string, Write>();

  constructor(state: VersionedState) {
    this.#state = state;
  }

  account(id: string): Account | undefined {
    return this.#get(accountKey(id)) as Account | undefined;
  }

  accessKey(id: string, publicKey: string): AccessKey | undefined {
    return this.#get(keyPrefix(id) + publicKey) as AccessKey | undefined;
  }

  data(id: string, key: string): string | undefined {
    return this.#get(dataPrefix(id) + key) as string | undefined;
  }

  publicKeys(id: string): string[] {
    const prefix = keyPrefix(id);
    return [...this.#keysOf(prefix)].map((key) => key.slice(prefix.length));
  }

  setAccount(id: string, account: Account | undefined): void {
    this.#writes.set(accountKey(id), { value: account, group: undefined });
  }

  setAccessKey(id: string, publicKey: string, accessKey: AccessKey | undefined): void {
    this.#writes.set(keyPrefix(id) + publicKey, { value: accessKey, group: keyPrefix(id) });
  }

  setData(id: string, key: string, value: string | undefined): void {
    this.#writes.set(dataPrefix(id) + key, { value, group: dataPrefix(id) });
  }

  /** Removes the account with its keys and its contract's data. */
  removeAccount(id: string): void {
    for (const group of [keyPrefix(id), dataPrefix(id)]) {
      for (const key of this.#keysOf(group)) this.#writes.set(key, { value: undefined, group });
    }
    this.setAccount(id, undefined);
  }

  commit(height: bigint): void {
    for (const [key, { value, group }] of this.#writes) this.#state.set(key, height, value, group);
    this.#writes.clear();
  }

  discard(): void {
    this.#writes.clear();
  }

  #get(key: string): unknown {
    const write = this.#writes.get(key);
    return write === undefined ? this.#state.get(key) : write.value;
  }

  #keysOf(group: string): Set<string> {
    const keys = new Set(this.#state.keysOf(group));
    for (const [key, write] of this.#writes) if (write.group === group) keys.add(key);
    for (const key of keys) if (this.#get(key) === undefined) keys.delete(key);
    return keys;
  }
}
