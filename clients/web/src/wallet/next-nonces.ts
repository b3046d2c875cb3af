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
  async take(
    { accountId, keyId, network }: WalletKey,
    count: number,
    signal: AbortSignal | undefined,
  ): Promise<AccessKeyView> {
    const seen = await this.#view(accountId, keyId, signal);
    const name = `${network} ${accountId} ${keyId}`;
    const given = this.#given.get(name) ?? 0n;
    const nonce = (given > seen.nonce ? given : seen.nonce) + 1n;
    this.#given.set(name, nonce + BigInt(count) - 1n);
    return { ...seen, nonce };
  }
}
