import { createRecipient, type Recipient } from "@countersign/crypto/hpke.ts";
import type { ShareId } from "./key-ceremony.ts";
import type { VaultApi } from "./vault-api.ts";
import { locked, spent, VaultError } from "./vault-error.ts";

/** Where keys are, by scheme. */
export interface KeyHolder {
  /** The client's share that the key is made of; undefined for a key that is not here. */
  shareOf(keyId: string): ShareId | undefined;
  /** The whole private key of the relayer's share. Throws LOCKED, MALFORMED, KEY_MISMATCH. */
  whole(keyId: string, relayerShare: Uint8Array): Uint8Array;
}

/** An export that waits for the signer's answer. */
interface Waiting {
  readonly recipient: Recipient;
  /** Shares that the passkey gave since it was begun. */
  readonly unlocked: Set<ShareId>;
}

/** Exports that wait for the signer's answer; the oldest is given up for one more. */
const MAX_EXPORTS = 4;

/**
 * The one way out for a whole key. The signer gives its share against a fresh assertion of the passkey alone, but the vault
 * cannot tell that share from one which a page chose: and whoever knows one share finds the other in the whole key. So it
 * is given to nobody but who has just had the passkey's PRF, of which the client's share follows anyway.
 */
export class ExportDesk {
  readonly #holders: readonly KeyHolder[];
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  constructor(holders: readonly KeyHolder[]) {
    this.#holders = holders;
  }

  async begin(): ReturnType<VaultApi["beginExport"]> {
    const recipient = await createRecipient();
    const exportId = ++this.#lastId;
    for (const oldest of this.#waiting.keys()) {
      if (this.#waiting.size < MAX_EXPORTS) break;
      this.#waiting.delete(oldest);
    }
    this.#waiting.set(exportId, { recipient, unlocked: new Set() });
    return { exportId, recipientPublicKey: recipient.publicKey };
  }

  /** The passkey gave this share: exports of its keys that were begun before may end. */
  unlocked(shareId: ShareId): void {
    for (const { unlocked } of this.#waiting.values()) unlocked.add(shareId);
  }

  async finish({
    exportId,
    keyId,
    info,
    encapsulatedKey,
    sealedShare,
  }: Parameters<VaultApi["finishExport"]>[0]): Promise<Uint8Array> {
    const waiting = this.#waiting.get(exportId);
    this.#waiting.delete(exportId);
    if (waiting === undefined) throw spent();
    const share = await waiting.recipient.open(encapsulatedKey, info, sealedShare).catch(() => {
      throw new VaultError("MALFORMED", "the exported share cannot be opened");
    });
    try {
      return this.#holder(keyId, waiting.unlocked).whole(keyId, share);
    } finally {
      share.fill(0);
    }
  }

  clear(): void {
    this.#waiting.clear();
  }

  #holder(keyId: string, unlocked: ReadonlySet<ShareId>): KeyHolder {
    for (const holder of this.#holders) {
      const shareId = holder.shareOf(keyId);
      if (shareId !== undefined && unlocked.has(shareId)) return holder;
    }
    throw locked();
  }
}
