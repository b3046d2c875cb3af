import {
  type Action,
  actions,
  baseDecode,
  baseEncode,
  buildDelegateAction,
  createTransaction,
  encodeTransaction,
  KeyPair,
  KeyPairSigner,
  type SignedTransaction,
} from "near-api-js";
import type { Chain } from "../chain/chain.ts";

/** A transaction that near-api-js signed. */
export interface Signed {
  readonly hash: string;
  readonly base64: string;
  readonly transaction: SignedTransaction;
}

export interface SigningOverrides {
  readonly nonce?: bigint;
  readonly blockHash?: string;
  readonly pair?: KeyPair;
}

export interface DelegateOverrides {
  readonly senderId?: string;
  readonly nonce?: bigint;
  readonly maxBlockHeight?: bigint;
  readonly pair?: KeyPair;
}

/** An account with a key, which signs as a wallet does. */
export class TestAccount {
  readonly id: string;
  readonly pair: KeyPair;
  readonly #chain: Chain;
  readonly #nonces = new Map<string, bigint>();

  constructor(chain: Chain, id: string, pair: KeyPair = KeyPair.fromRandom("ed25519")) {
    this.#chain = chain;
    this.id = id;
    this.pair = pair;
  }

  get publicKey(): string {
    return this.pair.getPublicKey().toString();
  }

  /** Yocto at the head. */
  get balance(): bigint {
    return this.#chain.stateAt().account(this.id)?.amount ?? 0n;
  }

  /** Signs with the next nonce of the key and the head's hash, unless told otherwise. */
  async sign(receiverId: string, list: Action[], said: SigningOverrides = {}): Promise<Signed> {
    const pair = said.pair ?? this.pair;
    const nonce = said.nonce ?? this.#nextNonce(pair);
    const blockHash = baseDecode(said.blockHash ?? this.#chain.head.hash);
    const unsigned = createTransaction(this.id, pair.getPublicKey(), receiverId, nonce, list, blockHash);
    const { signedTransaction: transaction, txHash } = await new KeyPairSigner(pair).signTransaction(
      unsigned,
    );
    const base64 = Buffer.from(encodeTransaction(transaction)).toString("base64");
    return { hash: baseEncode(txHash), base64, transaction };
  }

  /** The action by which a relayer carries this account's signed delegate. */
  async delegate(receiverId: string, list: Action[], said: DelegateOverrides = {}): Promise<Action> {
    const pair = said.pair ?? this.pair;
    const delegate = buildDelegateAction({
      senderId: said.senderId ?? this.id,
      receiverId,
      actions: list,
      nonce: said.nonce ?? this.#nextNonce(pair),
      maxBlockHeight: said.maxBlockHeight ?? this.#chain.head.height + 1_000n,
      publicKey: pair.getPublicKey(),
    });
    const { signedDelegate } = await new KeyPairSigner(pair).signDelegateAction(delegate);
    return actions.signedDelegate(signedDelegate);
  }

  /** Above the key's nonce on the chain and above all that were signed here. */
  #nextNonce(pair: KeyPair): bigint {
    const key = pair.getPublicKey().toString();
    const onChain = this.#chain.stateAt().accessKey(this.id, key)?.nonce ?? 0n;
    const here = this.#nonces.get(key) ?? 0n;
    const next = (onChain > here ? onChain : here) + 1n;
    this.#nonces.set(key, next);
    return next;
  }
}
