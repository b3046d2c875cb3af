import type { AccessKeyView, ViewAccessKey } from "./view-access-key.ts";
import type { WalletKey } from "./wallet-key.ts";

/** Nonces of access keys that this page gave out: what was signed a moment ago is not on the chain yet. */
export class NextNonces {
  readonly #view: ViewAccessKey;
  readonly #given = new Map<string, bigint>();

  constructor(view: ViewAccessKey) {
    this.#view = view;
  }

  /** `count` nonces in a row, the first of them, with the block that they were read at. Throws what the view throws. */
  async take(key: WalletKey, count: number, signal: AbortSignal | undefined): Promise<AccessKeyView> {
    const seen = await this.#view(key.accountId, key.keyId, signal);
    const name = nameOf(key);
    const given = this.#given.get(name) ?? 0n;
    const nonce = (given > seen.nonce ? given : seen.nonce) + 1n;
    this.#given.set(name, nonce + BigInt(count) - 1n);
    return { ...seen, nonce };
  }

  /**
   * Takes a nonce back that was the last one given: the next one is the same. Of what was signed with either, the chain
   * executes one.
   */
  giveBack(key: WalletKey, nonce: bigint): void {
    const name = nameOf(key);
    if (this.#given.get(name) === nonce) this.#given.set(name, nonce - 1n);
  }
}

function nameOf({ accountId, keyId, network }: WalletKey): string {
  return `${network} ${accountId} ${keyId}`;
}
