import type { AccessKeyView } from "../near/views.ts";

/** Reads an access key at the newest block. Throws ChainError. */
type ReadAccessKey = (accountId: string, publicKey: string) => Promise<AccessKeyView>;

/** Reads access keys; whoever asks for one while it is being read gets the same answer, also when that is an error. */
export class AccessKeyReads {
  readonly #read: ReadAccessKey;
  readonly #underWay = new Map<string, Promise<AccessKeyView>>();

  constructor(read: ReadAccessKey) {
    this.#read = read;
  }

  get(accountId: string, publicKey: string): Promise<AccessKeyView> {
    const name = `${accountId} ${publicKey}`;
    const underWay = this.#underWay.get(name);
    if (underWay !== undefined) return underWay;
    const read = this.#read(accountId, publicKey).finally(() => this.#underWay.delete(name));
    this.#underWay.set(name, read);
    return read;
  }
}
