import { randomBytes } from "node:crypto";
import { NETWORK, RELAYER, type TestRelay } from "../support/test-relay.ts";
import { TestWallet } from "../support/test-wallet.ts";

/** What every client does to a relay: creates an account, and has a delegate of it relayed. */
export class WalletScript {
  readonly #relay: TestRelay;
  readonly #wallet = new TestWallet(`w${randomBytes(5).toString("hex")}.${RELAYER}`);

  constructor(relay: TestRelay) {
    this.#relay = relay;
  }

  get accountId(): string {
    return this.#wallet.accountId;
  }

  /** CreateAccountRequest with the field names of the proto file. */
  get createAccount() {
    const { accountId: account_id, publicKey: public_key } = this.#wallet;
    return { network: NETWORK, account_id, public_key };
  }

  /** The bytes of a signed delegate; the account exists by now, and its key's nonce is asked for. */
  async delegate(): Promise<Uint8Array> {
    const { accountId, publicKey } = this.#wallet;
    const { chain } = this.#relay.devnet;
    const nonce = (chain.stateAt().accessKey(accountId, publicKey)?.nonce ?? 0n) + 1n;
    return this.#wallet.delegate({ nonce, maxBlockHeight: chain.head.height + 1_000n });
  }
}
