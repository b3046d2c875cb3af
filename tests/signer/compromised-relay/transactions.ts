import {
  type Action,
  actions,
  buildDelegateAction,
  createTransaction,
  encodeTransaction,
  KeyPair,
  KeyPairSigner,
} from "near-api-js";
import type { Item } from "./compromised-relay.ts";
import type { OperatedSigner } from "./operated-signer.ts";
import { APP, KEYS, type KeyId } from "./relayer-keys.ts";

/** Whose delegates the relay carries. */
export const ALICE = "alice.testnet";
/** The attacker's account, and a key that the attacker holds. */
export const MALLORY = "mallory.testnet";
export const malloryKey = KeyPair.fromRandom("ed25519").getPublicKey();
const BLOCK_HASH = new Uint8Array(32).fill(7);

/** What a delegate says, unless it is said otherwise. */
export interface DelegateParts {
  readonly senderId?: string;
  readonly receiverId?: string;
  readonly actions?: Action[];
  readonly pair?: KeyPair;
}

export const vote = (deposit = 0n, gas = 30_000_000_000_000n) =>
  actions.functionCall("vote", { yes: true }, gas, deposit);

/** A Delegate action that its sender's key signed. */
export async function delegate(parts: DelegateParts = {}): Promise<Action> {
  const pair = parts.pair ?? KeyPair.fromRandom("ed25519");
  const delegateAction = buildDelegateAction({
    senderId: parts.senderId ?? ALICE,
    receiverId: parts.receiverId ?? APP,
    actions: parts.actions ?? [vote()],
    nonce: 8n,
    maxBlockHeight: 1_000n,
    publicKey: pair.getPublicKey(),
  });
  const { signedDelegate } = await new KeyPairSigner(pair).signDelegateAction(delegateAction);
  return actions.signedDelegate(signedDelegate);
}

/** Makes transactions under the nonces that the keys have next. */
export class Transactions {
  readonly #signer: OperatedSigner;
  readonly #nonces = new Map<KeyId, bigint>();

  constructor(signer: OperatedSigner) {
    this.#signer = signer;
  }

  publicKey(keyId: KeyId) {
    return this.#signer.publicKeys[keyId];
  }

  /** A nonce that the key has not used. */
  nextNonce(keyId: KeyId): bigint {
    const nonce = (this.#nonces.get(keyId) ?? 0n) + 1n;
    this.#nonces.set(keyId, nonce);
    return nonce;
  }

  /** The borsh bytes of an unsigned transaction, by near-api-js. */
  bytes(
    keyId: KeyId,
    receiverId: string,
    actions: Action[],
    { nonce = this.nextNonce(keyId), signerId = KEYS[keyId].account as string, signedBy = keyId } = {},
  ): Uint8Array {
    const publicKey = this.publicKey(signedBy);
    const transaction = createTransaction(signerId, publicKey, receiverId, nonce, actions, BLOCK_HASH);
    return encodeTransaction(transaction);
  }

  /** A delegate that the policy allows. */
  async good(keyId: KeyId = "relayer", nonce?: bigint): Promise<Item> {
    const transaction = this.bytes(keyId, ALICE, [await delegate()], nonce === undefined ? {} : { nonce });
    return { keyId, transaction };
  }
}
