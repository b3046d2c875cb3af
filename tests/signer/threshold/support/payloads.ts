import { createHash } from "node:crypto";
import {
  type Action,
  actions,
  buildDelegateAction,
  createTransaction,
  encodeDelegateAction,
  encodeTransaction,
  PublicKey,
} from "near-api-js";
import type { PayloadInit, ThresholdWallet } from "./threshold-wallet.ts";

/** A payload, and the digests that it has by the book: computed without Countersign's own codec. */
export interface KnownPayload {
  readonly payload: PayloadInit;
  readonly digests: readonly Uint8Array[];
}

export interface PayloadOptions {
  readonly accountId?: string;
  readonly publicKey?: string;
  readonly nonce?: bigint;
  readonly actions?: readonly Action[];
}

const sha256 = (bytes: Uint8Array) => new Uint8Array(createHash("sha256").update(bytes).digest());

type Signer = Pick<ThresholdWallet, "accountId" | "keyId">;

/** The borsh bytes of a transaction of the wallet, made by near-api-js: 1 yoctoNEAR to bob.testnet. */
export function transactionOf(wallet: Signer, options: PayloadOptions = {}): Uint8Array {
  return encodeTransaction(
    createTransaction(
      options.accountId ?? wallet.accountId,
      PublicKey.from(options.publicKey ?? wallet.keyId),
      "bob.testnet",
      options.nonce ?? 1n,
      [...(options.actions ?? [actions.transfer(1n)])],
      new Uint8Array(32),
    ),
  );
}

/** A batch of transactions with nonces from 1. */
export function transactions(wallet: Signer, count = 1, options: PayloadOptions = {}): KnownPayload {
  const batch = Array.from({ length: count }, (_, i) =>
    transactionOf(wallet, { nonce: BigInt(i + 1), ...options }),
  );
  return {
    payload: { payload: { case: "nearTransactions", value: { transactions: batch } } },
    digests: batch.map(sha256),
  };
}

/** A delegate of the wallet, made by near-api-js. */
export function delegate(wallet: Signer, options: PayloadOptions = {}): KnownPayload {
  const prefixed = encodeDelegateAction(
    buildDelegateAction({
      senderId: options.accountId ?? wallet.accountId,
      receiverId: "bob.testnet",
      actions: [...(options.actions ?? [actions.transfer(1n)])],
      nonce: options.nonce ?? 1n,
      maxBlockHeight: 100n,
      publicKey: PublicKey.from(options.publicKey ?? wallet.keyId),
    }),
  );
  // Without the prefix of NEP-461, which is a part of what is hashed only.
  return {
    payload: { payload: { case: "nearDelegate", value: { delegateAction: prefixed.slice(4) } } },
    digests: [sha256(prefixed)],
  };
}

/** The NEP-413 message of docs/threshold-ed25519.md, with its digest from there. */
export function message(): KnownPayload {
  return {
    payload: {
      payload: {
        case: "nep413Message",
        value: { message: "hello", nonce: new Uint8Array(32).fill(5), recipient: "example.com" },
      },
    },
    digests: [new Uint8Array(Buffer.from("v6nal2jk7CiKwXm05R2Lsm8iImhll4uDXnSI7I9d_Cg", "base64url"))],
  };
}
