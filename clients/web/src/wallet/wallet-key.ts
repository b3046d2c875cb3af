import { base64Decode, base64Encode } from "@bufbuild/protobuf/wire";
import { sameBytes } from "../vault/same-bytes.ts";
import type { TextStore } from "./text-store.ts";

/** A threshold key that this wallet created and checked. Nothing of it is secret. */
export interface WalletKey {
  /** For example "ed25519:G4jV…": the public key of the account's access key. */
  readonly keyId: string;
  readonly network: string;
  readonly accountId: string;
  readonly rpId: string;
  /** The passkey that derives the client's share. */
  readonly credentialId: Uint8Array;
  readonly clientVerifyingShare: Uint8Array;
  readonly relayerVerifyingShare: Uint8Array;
  readonly epoch: number;
}

const BYTES = ["credentialId", "clientVerifyingShare", "relayerVerifyingShare"] as const;

/**
 * The keys of a wallet, by account. They are remembered here, and not asked of the relay: it could name a key that it
 * holds alone. What is not remembered is created again, with proofs, and is the same key.
 */
export class WalletKeys {
  readonly #store: TextStore;
  readonly #prefix: string;

  /** @param prefix of the names in `store` */
  constructor(store: TextStore, prefix: string) {
    this.#store = store;
    this.#prefix = prefix;
  }

  /** The account's key; undefined when none is remembered, or nothing that can be read. */
  get(accountId: string): WalletKey | undefined {
    const text = this.#store.getItem(this.#prefix + accountId);
    return text === null ? undefined : readKey(text);
  }

  set(key: WalletKey): void {
    const text = JSON.stringify(key, (_, value) =>
      value instanceof Uint8Array ? base64Encode(value, "url") : value,
    );
    this.#store.setItem(this.#prefix + key.accountId, text);
  }
}

/** Whether the passkey's share is the key's. */
export function isShareOf(key: WalletKey, verifyingShare: Uint8Array): boolean {
  return sameBytes(key.clientVerifyingShare, verifyingShare);
}

function readKey(text: string): WalletKey | undefined {
  try {
    return JSON.parse(text, (name, value) =>
      BYTES.some((field) => field === name) ? base64Decode(value) : value,
    );
  } catch {
    return undefined;
  }
}
