import { formatPublicKey, type PublicKey } from "@countersign/near";
import { verifySignature } from "@countersign/near/verify";
import type { Records } from "./record-file.ts";

/** A transaction that a relay made. */
export interface Payload {
  readonly keyId: string;
  readonly publicKey: PublicKey;
  readonly nonce: bigint;
  /** Borsh bytes of the unsigned transaction. */
  readonly bytes: Uint8Array;
  /** SHA-256 of the bytes in hexadecimal digits. */
  readonly hash: string;
}

/** A signature that a relay was given, in hexadecimal digits. */
export interface Release {
  readonly hash: string;
  readonly signature: string;
}

/** All that relays made and were given, over all lives of the signers. */
export class History {
  /** By hash. */
  readonly payloads = new Map<string, Payload>();
  readonly releases: Release[] = [];
}

/** One sentence for each breach of the signer's promises; none when it kept them. */
export function violations({ payloads, releases }: History, { signings, passedGrants }: Records): string[] {
  const found = new Set<string>();
  const signed = new Map<string, string>();
  for (const { publicKey, hash } of signings) {
    const payload = payloads.get(hash);
    if (payload === undefined || formatPublicKey(payload.publicKey) !== publicKey) {
      found.add(`${publicKey} signed ${hash}, which no relay asked it for`);
    } else if (first(signed, nonceOf(payload), hash) !== hash) {
      found.add(`${nonceOf(payload)} has two payloads signed`);
    }
  }
  const released = new Map<string, string>();
  const signatures = new Map<string, string>();
  const made = new Set(signings.map(({ hash }) => hash));
  for (const { hash, signature } of releases) {
    const payload = payloads.get(hash);
    if (payload === undefined || !made.has(hash)) {
      found.add(`${hash} was released, and nothing signed it`);
      continue;
    }
    const { publicKey } = payload;
    if (first(released, nonceOf(payload), hash) !== hash) {
      found.add(`${nonceOf(payload)} has two payloads released`);
    }
    if (signatures.has(hash)) {
      if (signatures.get(hash) !== signature) found.add(`${nonceOf(payload)} has two signatures released`);
      continue;
    }
    signatures.set(hash, signature);
    if (!verifySignature(publicKey, unhex(hash), { type: publicKey.type, data: unhex(signature) })) {
      found.add(`${nonceOf(payload)} has a wrong signature released`);
    }
  }
  const passed = new Set<string>();
  for (const id of passedGrants) {
    if (passed.has(id)) found.add(`the grant ${id} was let pass twice`);
    passed.add(id);
  }
  return [...found];
}

/** What a payload is held to be the only one of. */
export function nonceOf({ keyId, nonce }: Payload): string {
  return `nonce ${nonce} of ${keyId}`;
}

/** The value that was there first. */
function first(values: Map<string, string>, key: string, value: string): string {
  const there = values.get(key);
  if (there !== undefined) return there;
  values.set(key, value);
  return value;
}

function unhex(digits: string): Uint8Array {
  return Uint8Array.from(Buffer.from(digits, "hex"));
}
