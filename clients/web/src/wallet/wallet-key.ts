import { base64Decode, base64Encode } from "@bufbuild/protobuf/wire";
import type { TextStore } from "./text-store.ts";

/** A threshold key that this wallet created and checked. Nothing of it is secret. */
export interface WalletKey {
  /** For Ed25519 for example "ed25519:G4jV…", the public key of the account's access key; for ECDSA a hash in base64url. */
  readonly keyId: string;
  /** For example "threshold-ed25519-frost-2p-v1". */
  readonly schemeId: string;
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
 * The keys of a wallet, by scheme and account. They are remembered here, and not asked of the relay: it could name a key that it
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

  /** The account's key of a scheme; undefined when none is remembered, or nothing that can be read. */
  get(schemeId: string, accountId: string): WalletKey | undefined {
    const text = this.#store.getItem(this.#nameOf({ schemeId, accountId }));
    return text === null ? undefined : readKey(text);
  }

  set(key: WalletKey): void {
    const text = JSON.stringify(key, (_, value) =>
      value instanceof Uint8Array ? base64Encode(value, "url") : value,
    );
    this.#store.setItem(this.#nameOf(key), text);
  }

  #nameOf({ schemeId, accountId }: Pick<WalletKey, "schemeId" | "accountId">): string {
    return `${this.#prefix}${schemeId}/${accountId}`;
  }
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
