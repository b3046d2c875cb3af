import {
  type Action,
  actions,
  buildDelegateAction,
  type DelegateAction,
  encodeSignedDelegate,
  KeyPair,
  KeyPairSigner,
} from "near-api-js";

const GAS = 30_000_000_000_000n;

/** What a delegate says, where it differs from a plain call of the guest book. */
export interface DelegateOverrides {
  readonly receiverId?: string;
  readonly actions?: Action[];
  readonly nonce?: bigint;
  readonly maxBlockHeight?: bigint;
  /** Changes the delegate after it was signed. */
  readonly tamper?: (delegate: DelegateAction) => void;
}

/** A wallet with one key, whose delegates near-api-js makes. It counts its own nonces. */
export class TestWallet {
  readonly pair: KeyPair;
  readonly accountId: string;
  /** The height that delegates live up to, unless they say otherwise. */
  maxBlockHeight = 101_000n;
  #nonce = 0n;

  constructor(accountId: string, curve: "ed25519" | "secp256k1" = "ed25519") {
    this.accountId = accountId;
    this.pair = KeyPair.fromRandom(curve);
  }

  get publicKey(): string {
    return this.pair.getPublicKey().toString();
  }

  /** The borsh bytes of a signed delegate; by default one guest-book call with the next nonce. */
  async delegate(overrides: DelegateOverrides = {}): Promise<Uint8Array> {
    const { tamper, ...said } = overrides;
    const delegate = buildDelegateAction({
      senderId: this.accountId,
      receiverId: "guest-book.test",
      actions: [addMessage("hello")],
      nonce: said.nonce ?? ++this.#nonce,
      maxBlockHeight: this.maxBlockHeight,
      publicKey: this.pair.getPublicKey(),
      ...said,
    });
    const { signedDelegate } = await new KeyPairSigner(this.pair).signDelegateAction(delegate);
    tamper?.(signedDelegate.delegateAction);
    return encodeSignedDelegate(signedDelegate);
  }
}

/** A call of the guest book. */
export function addMessage(text: string, deposit = 0n): Action {
  return actions.functionCall("add_message", { text }, GAS, deposit);
}
