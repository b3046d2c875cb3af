import { sha256 } from "@noble/hashes/sha2.js";
import {
  atMostActions,
  DELEGATE_TAG,
  type NonDelegateAction,
  readAccountId,
  readAction,
  writeAction,
} from "./actions.ts";
import { type BorshReader, BorshWriter, readBorsh } from "./borsh.ts";
import { readSignedDelegate, type SignedDelegate, writeSignedDelegate } from "./delegate.ts";
import {
  type PublicKey,
  readPublicKey,
  readSignature,
  type Signature,
  writePublicKey,
  writeSignature,
} from "./keys.ts";

/** An action of a transaction. */
export type Action = NonDelegateAction | { kind: "Delegate"; signedDelegate: SignedDelegate };

/** A transaction, version 0 (https://nomicon.io/RuntimeSpec/Transactions). */
export interface Transaction {
  signerId: string;
  publicKey: PublicKey;
  nonce: bigint;
  receiverId: string;
  /** Hash of a recent block, 32 bytes. */
  blockHash: Uint8Array;
  actions: Action[];
}

/** A transaction with its signature over `transactionHash`. */
export interface SignedTransaction {
  transaction: Transaction;
  signature: Signature;
}

function readTransaction(reader: BorshReader, maxActions = Number.POSITIVE_INFINITY): Transaction {
  return {
    signerId: readAccountId(reader),
    publicKey: readPublicKey(reader),
    nonce: reader.u64(),
    receiverId: readAccountId(reader),
    blockHash: reader.fixed(32),
    actions: reader.vec(() => {
      const tag = reader.u8();
      return tag === DELEGATE_TAG
        ? { kind: "Delegate", signedDelegate: readSignedDelegate(reader, maxActions) }
        : readAction(reader, tag);
    }, atMostActions(maxActions)),
  };
}

/**
 * Reads one unsigned Transaction that takes all of `bytes`; throws BorshError. Of more than `maxActions` actions, in it
 * or in a delegate of it, none is read: that is a TooManyActionsError.
 */
export function decodeTransaction(bytes: Uint8Array, maxActions?: number): Transaction {
  return readBorsh(bytes, (reader) => readTransaction(reader, maxActions));
}

/** The borsh bytes of an unsigned Transaction. */
export function encodeTransaction(transaction: Transaction): Uint8Array {
  const writer = new BorshWriter().string(transaction.signerId);
  writePublicKey(writer, transaction.publicKey);
  writer.u64(transaction.nonce).string(transaction.receiverId).fixed(transaction.blockHash);
  writer.vec(transaction.actions, (action) => {
    if (action.kind === "Delegate") {
      writer.u8(DELEGATE_TAG);
      writeSignedDelegate(writer, action.signedDelegate);
    } else {
      writeAction(writer, action);
    }
  });
  return writer.finish();
}

/** The 32 bytes that the signer signs, which also name the transaction: SHA-256 of the unsigned bytes. */
export function transactionHash(unsigned: Uint8Array): Uint8Array {
  return sha256(unsigned);
}

/** The borsh bytes of a SignedTransaction: the unsigned bytes, then the signature. */
export function attachSignature(unsigned: Uint8Array, signature: Signature): Uint8Array {
  const writer = new BorshWriter().fixed(unsigned);
  writeSignature(writer, signature);
  return writer.finish();
}

/** Reads one SignedTransaction that takes all of `bytes`; throws BorshError. */
export function decodeSignedTransaction(bytes: Uint8Array): SignedTransaction {
  return readBorsh(bytes, (reader) => ({
    transaction: readTransaction(reader),
    signature: readSignature(reader),
  }));
}
