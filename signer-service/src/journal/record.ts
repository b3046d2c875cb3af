import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import type { Transaction } from "kysely";
import { fromHex, toHex } from "../chain/hash-text.ts";
import type { SignerSchema } from "../store/schema.ts";
import type { MadeSignature } from "./journal.ts";
import { liveEntries, storeSignatures } from "./journal-rows.ts";
import { entryKey } from "./reservation-rules.ts";

/** Stores signatures where there are none, and answers those that are stored, in their order. */
export async function record(
  trx: Transaction<SignerSchema>,
  made: readonly MadeSignature[],
): Promise<Uint8Array[]> {
  const first = new Map<string, MadeSignature>();
  for (const item of made) {
    const key = entryKey(item.publicKey, item.nonce);
    if (!first.has(key)) first.set(key, item);
  }
  const stored = await storeSignatures(
    trx,
    // In one order: two calls that signed the same should not wait for each other in a circle.
    [...first.values()].sort(byKeyAndNonce).map((item) => ({
      ...item,
      payloadHash: toHex(item.payloadHash),
      signature: toHex(item.signature),
    })),
  );
  const others = [...first].filter(([key]) => !stored.has(key)).map(([, item]) => item);
  const earlier = await liveEntries(trx, others);

  return made.map((item) => {
    const key = entryKey(item.publicKey, item.nonce);
    const kept = stored.has(key) ? first.get(key) : undefined;
    if (kept !== undefined && isSame(kept.payloadHash, item.payloadHash)) return kept.signature;
    const entry = earlier.get(key);
    if (entry?.signature == null || entry.payloadHash !== toHex(item.payloadHash)) throw taken(item);
    return fromHex(entry.signature);
  });
}

function byKeyAndNonce(a: MadeSignature, b: MadeSignature): number {
  if (a.publicKey !== b.publicKey) return a.publicKey < b.publicKey ? -1 : 1;
  return a.nonce < b.nonce ? -1 : 1;
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/**
 * A repair has given the nonce to another payload since it was reserved: the signature must not leave. The caller asks
 * again, and `reserve` then tells it so for this one alone.
 */
function taken({ publicKey, nonce }: MadeSignature): DomainError {
  const cause = new Error(`no reservation for a signature of nonce ${nonce} of ${publicKey}`);
  return new DomainError(ErrorReason.SIGNER_STORE_UNAVAILABLE, "the journal changed during the call", {
    cause,
  });
}
