import { sha256 } from "@noble/hashes/sha2.js";
import { BorshWriter } from "./borsh.ts";

/** A message that a wallet signs off the chain (NEP-413). */
export interface Nep413Message {
  /** The text that the user sees. */
  readonly message: string;
  /** 32 bytes that the recipient chose. */
  readonly nonce: Uint8Array;
  /** Whom it is for. */
  readonly recipient: string;
  /** Where the wallet sends the user afterwards; absent for nowhere. */
  readonly callbackUrl?: string | undefined;
}

/** NEP-461: the prefix of an off-chain message is 2^31 plus the NEP's number, so that it is never a transaction. */
const NEP_413_PREFIX = 2 ** 31 + 413;
const NONCE_SIZE = 32;

/**
 * The 32 bytes that the wallet signs: SHA-256 over the prefix and the borsh bytes of message, nonce, recipient and
 * callbackUrl. Throws a RangeError for a nonce of another size.
 */
export function nep413Hash({ message, nonce, recipient, callbackUrl }: Nep413Message): Uint8Array {
  if (nonce.length !== NONCE_SIZE)
    throw new RangeError(`a nonce has ${NONCE_SIZE} bytes, not ${nonce.length}`);
  const writer = new BorshWriter().u32(NEP_413_PREFIX).string(message).fixed(nonce).string(recipient);
  writer.option(callbackUrl ?? null, (url) => writer.string(url));
  return sha256(writer.finish());
}
