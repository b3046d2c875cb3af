import { sha256 } from "@noble/hashes/sha2.js";
import {
  atMostActions,
  DELEGATE_TAG,
  type NonDelegateAction,
  readAccountId,
  readAction,
  writeAction,
} from "./actions.ts";
import { BorshError, type BorshReader, BorshWriter, readBorsh } from "./borsh.ts";
import {
  type PublicKey,
  readPublicKey,
  readSignature,
  type Signature,
  writePublicKey,
  writeSignature,
} from "./keys.ts";

/** A delegate action (NEP-366): what a sender asks a relayer to carry. */
export interface DelegateAction {
  senderId: string;
  receiverId: string;
  actions: NonDelegateAction[];
  /** Nonce of the sender's access key. */
  nonce: bigint;
  /** The last block height at which it can be executed. */
  maxBlockHeight: bigint;
  publicKey: PublicKey;
}

/** A delegate action with the sender's signature over `delegateHash` (NEP-366, NEP-461). */
export interface SignedDelegate {
  delegateAction: DelegateAction;
  signature: Signature;
}

/** A delegate stands inside a delegate, which NEP-366 forbids. */
export class NestedDelegateError extends BorshError {}

/** NEP-461: the prefix of a signed message that is not a transaction is 2^30 plus the NEP's number. */
const NEP_366_PREFIX = 2 ** 30 + 366;

function readDelegateAction(reader: BorshReader, maxActions = Number.POSITIVE_INFINITY): DelegateAction {
  return {
    senderId: readAccountId(reader),
    receiverId: readAccountId(reader),
    actions: reader.vec(() => {
      const tag = reader.u8();
      if (tag === DELEGATE_TAG) throw new NestedDelegateError("a delegate inside a delegate");
      return readAction(reader, tag);
    }, atMostActions(maxActions)),
    nonce: reader.u64(),
    maxBlockHeight: reader.u64(),
    publicKey: readPublicKey(reader),
  };
}

export function readSignedDelegate(reader: BorshReader, maxActions?: number): SignedDelegate {
  return { delegateAction: readDelegateAction(reader, maxActions), signature: readSignature(reader) };
}

function writeDelegateAction(writer: BorshWriter, delegate: DelegateAction): void {
  writer.string(delegate.senderId).string(delegate.receiverId);
  writer.vec(delegate.actions, (action) => writeAction(writer, action));
  writer.u64(delegate.nonce).u64(delegate.maxBlockHeight);
  writePublicKey(writer, delegate.publicKey);
}

export function writeSignedDelegate(writer: BorshWriter, signed: SignedDelegate): void {
  writeDelegateAction(writer, signed.delegateAction);
  writeSignature(writer, signed.signature);
}

/**
 * Reads one unsigned DelegateAction that takes all of `bytes`. Throws UnsupportedActionError, NestedDelegateError or
 * another BorshError; of more than `maxActions` actions none is read: that is a TooManyActionsError. What it accepts
 * encodes back to the same bytes.
 */
export function decodeDelegateAction(bytes: Uint8Array, maxActions?: number): DelegateAction {
  return readBorsh(bytes, (reader) => readDelegateAction(reader, maxActions));
}

/** The borsh bytes of an unsigned DelegateAction. */
export function encodeDelegateAction(delegate: DelegateAction): Uint8Array {
  const writer = new BorshWriter();
  writeDelegateAction(writer, delegate);
  return writer.finish();
}

/**
 * Reads one SignedDelegate that takes all of `bytes`. Throws UnsupportedActionError, NestedDelegateError or
 * another BorshError. What it accepts encodes back to the same bytes.
 */
export function decodeSignedDelegate(bytes: Uint8Array): SignedDelegate {
  return readBorsh(bytes, readSignedDelegate);
}

/** The borsh bytes of a SignedDelegate. */
export function encodeSignedDelegate(signed: SignedDelegate): Uint8Array {
  const writer = new BorshWriter();
  writeSignedDelegate(writer, signed);
  return writer.finish();
}

/** The 32 bytes that the sender signs: SHA-256 over the NEP-461 prefix and the borsh bytes of the delegate. */
export function delegateHash(delegate: DelegateAction): Uint8Array {
  const writer = new BorshWriter().u32(NEP_366_PREFIX);
  writeDelegateAction(writer, delegate);
  return sha256(writer.finish());
}
