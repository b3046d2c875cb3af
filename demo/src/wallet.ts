import {
  type Action,
  actions,
  buildDelegateAction,
  encodeSignedDelegate,
  JsonRpcProvider,
  KeyPair,
  KeyPairSigner,
} from "near-api-js";

/** How many blocks after the head a delegate expires. */
const BLOCKS_TO_LIVE = 200n;
const GAS = 30_000_000_000_000n;

/** A wallet with one key, as near-api-js makes it. It never talks to the chain to send anything. */
export class Wallet {
  readonly #pair = KeyPair.fromRandom("ed25519");
  readonly #provider: JsonRpcProvider;
  readonly accountId: string;

  constructor(accountId: string, rpcUrl: string) {
    this.accountId = accountId;
    this.#provider = new JsonRpcProvider({ url: rpcUrl });
  }

  get publicKey(): string {
    return this.#pair.getPublicKey().toString();
  }

  /** The borsh bytes of a signed call of the guest book. */
  message(text: string): Promise<Uint8Array> {
    return this.#sign("guest-book.test", actions.functionCall("add_message", { text }, GAS, 0n));
  }

  /** The borsh bytes of a signed transfer. `deposit` in yoctoNEAR. */
  transfer(receiverId: string, deposit: bigint): Promise<Uint8Array> {
    return this.#sign(receiverId, actions.transfer(deposit));
  }

  /** A signed call that can no longer be executed. */
  expired(text: string): Promise<Uint8Array> {
    return this.#sign("guest-book.test", actions.functionCall("add_message", { text }, GAS, 0n), 1n);
  }

  async #sign(receiverId: string, action: Action, maxBlockHeight?: bigint): Promise<Uint8Array> {
    const key = await this.#provider.viewAccessKey({
      accountId: this.accountId,
      publicKey: this.publicKey,
      finalityQuery: { finality: "optimistic" },
    });
    const delegate = buildDelegateAction({
      senderId: this.accountId,
      receiverId,
      actions: [action],
      nonce: BigInt(key.nonce) + 1n,
      maxBlockHeight: maxBlockHeight ?? BigInt(key.block_height) + BLOCKS_TO_LIVE,
      publicKey: this.#pair.getPublicKey(),
    });
    const { signedDelegate } = await new KeyPairSigner(this.#pair).signDelegateAction(delegate);
    return encodeSignedDelegate(signedDelegate);
  }
}

/** An account's balance in yoctoNEAR. */
export async function balanceOf(accountId: string, rpcUrl: string): Promise<bigint> {
  const account = await new JsonRpcProvider({ url: rpcUrl }).viewAccount({ accountId });
  return BigInt(account.amount);
}
