import { createPublicKey, type KeyObject, sign } from "node:crypto";
import { formatPublicKey, parsePublicKey } from "@countersign/near";
import { verifySignature } from "@countersign/near/verify";
import type { Secret } from "@countersign/service-kit";
import type { SignedAuditHead } from "../ledger/audit-types.ts";
import { seedKey } from "../signing-seed.ts";
import { type DatedHead, headStatement } from "./statements.ts";

/** The seed of development relays. Everybody knows it: its signatures prove nothing. */
export const DEVELOPMENT_AUDIT_SEED = "c0de".repeat(16);

/** Bytes of a SubjectPublicKeyInfo before the 32 bytes of the key (RFC 8410, section 4). */
const SPKI_PREFIX_BYTES = 12;

/** Signs the heads and the exports of the audit log (Ed25519). */
export class AuditKey {
  readonly #privateKey: KeyObject;
  /** "ed25519:" and base58: what an auditor keeps. */
  readonly publicKey: string;

  private constructor(privateKey: KeyObject) {
    this.#privateKey = privateKey;
    const spki = createPublicKey(privateKey).export({ format: "der", type: "spki" });
    this.publicKey = formatPublicKey({ type: "ed25519", data: spki.subarray(SPKI_PREFIX_BYTES) });
  }

  /**
   * Reads a seed of 32 bytes: 64 hexadecimal digits, or base64 with its padding. Throws TypeError for anything else,
   * which does not repeat the text.
   */
  static fromSeed(seed: Secret<string>): AuditKey {
    return new AuditKey(seedKey(seed));
  }

  /** Signs a head: "the chain stood here at this time". */
  sign(head: DatedHead): SignedAuditHead {
    return { ...head, publicKey: this.publicKey, signature: this.signStatement(headStatement(head)) };
  }

  /** The signature over one of the statements of statements.ts, 64 bytes. */
  signStatement(statement: Uint8Array): Uint8Array {
    return sign(null, statement, this.#privateKey);
  }
}

/** Whether a signature is the key's ("ed25519:…") over a statement. Throws PublicKeyError for what is no key. */
export function verifyStatement(publicKey: string, statement: Uint8Array, signature: Uint8Array): boolean {
  const key = parsePublicKey(publicKey);
  return key.type === "ed25519" && verifySignature(key, statement, { type: "ed25519", data: signature });
}
