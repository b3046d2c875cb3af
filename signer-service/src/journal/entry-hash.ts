import { hash } from "node:crypto";
import { chainedBytes } from "../chain/canonical-bytes.ts";

const TAG = "countersign-journal-entry-v1";

/** A reservation as the chain holds it. Its signature comes later and stands beside it. */
export interface JournalEntry {
  readonly sequence: bigint;
  readonly at: Date;
  readonly network: string;
  readonly accountId: string;
  readonly publicKey: string;
  readonly nonce: bigint;
  /** Hexadecimal digits of 32 bytes. */
  readonly payloadHash: string;
  readonly purpose: string;
  /** Hexadecimal digits of 16 bytes; empty where no grant was asked for. */
  readonly grantId: string;
  readonly tenant: string;
  readonly submissionId: string;
  /** yoctoNEAR. */
  readonly deposit: bigint;
  /** As it counts against the key's day. */
  readonly gas: bigint;
  readonly requestId: string;
  readonly peer: string;
  /** The entry that a repair put this one in the place of; 0 for none. */
  readonly supersedes: bigint;
}

/** The bytes that an entry's hash is taken over; see docs/signer.md. `previous` has 32 bytes, else RangeError. */
export function entryBytes(previous: Uint8Array, entry: JournalEntry): Uint8Array {
  return chainedBytes(
    TAG,
    previous,
    entry.sequence,
    BigInt(entry.at.getTime()),
    entry.network,
    entry.accountId,
    entry.publicKey,
    entry.nonce,
    entry.payloadHash,
    entry.purpose,
    entry.grantId,
    entry.tenant,
    entry.submissionId,
    entry.deposit.toString(),
    entry.gas.toString(),
    entry.requestId,
    entry.peer,
    entry.supersedes,
  );
}

/** SHA-256 over `entryBytes`: what chains an entry to the one before it. */
export function hashEntry(previous: Uint8Array, entry: JournalEntry): Uint8Array {
  return hash("sha256", entryBytes(previous, entry), "buffer");
}
