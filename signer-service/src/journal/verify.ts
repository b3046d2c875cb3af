import { createHash } from "node:crypto";
import { parsePublicKey, verifySignature } from "@countersign/near";
import { fromHex, NO_HASH, toHex } from "../audit/hash-text.ts";
import { hashEntry } from "./entry-hash.ts";
import { type ExportLine, type LineOf, MAX_LINE_BYTES, parseLine } from "./export-lines.ts";
import { entryKey } from "./reservation-rules.ts";

/** What an export that is whole and unaltered says. */
export interface VerifiedJournal {
  readonly ok: true;
  readonly keys: number;
  readonly entries: bigint;
  /** The last entry's hash in hexadecimal digits; zeros without one. Whoever knows it from the signer compares it. */
  readonly headHash: string;
}

export interface AlteredJournal {
  readonly ok: false;
  /** 1 for the first. */
  readonly line: number;
  readonly problem: string;
}

/**
 * Checks an export, line by line (each with its line feed) and offline: every hash, every signature, that no entry is
 * missing, that no nonce of a key has two payloads but by a repair, and that the end is there. Each line that is well
 * goes to `take`. Nobody signs an export: one that was written anew as a whole has another `headHash`.
 */
export async function verifyJournal(
  lines: AsyncIterable<string>,
  take: (line: ExportLine) => Promise<void> = async () => {},
): Promise<VerifiedJournal | AlteredJournal> {
  const verifier = new JournalVerifier();
  let number = 0;
  for await (const text of lines) {
    number++;
    const line = Buffer.byteLength(text) > MAX_LINE_BYTES ? undefined : parseLine(text);
    const problem =
      line === undefined
        ? "the line is not one that an export writes, to the byte"
        : verifier.take(line, text);
    if (problem !== undefined) return { ok: false, line: number, problem };
    if (line !== undefined) await take(line);
  }
  const problem = "the export is cut off: its end is missing";
  return verifier.result() ?? { ok: false, line: number + 1, problem };
}

interface Holder {
  readonly sequence: bigint;
  readonly payloadHash: string;
}

class JournalVerifier {
  #started = false;
  #end: LineOf<"end"> | undefined;
  readonly #keys = new Map<string, LineOf<"key">>();
  readonly #highest = new Map<string, bigint>();
  /** By key and nonce. */
  readonly #holders = new Map<string, Holder>();
  #sequence = 0n;
  #hash: Uint8Array = NO_HASH;
  readonly #lines = createHash("sha256");

  /** A sentence when something is wrong with the line. */
  take(line: ExportLine, text: string): string | undefined {
    if (this.#end !== undefined) return "the export goes on after its end";
    if (this.#started === (line.type === "start")) {
      return this.#started
        ? "a second start stands within the export"
        : "the export does not begin with its start";
    }
    this.#started = true;
    if (line.type === "end") return this.#takeEnd(line);
    this.#lines.update(text);
    if (line.type === "key") return this.#takeKey(line);
    return line.type === "entry" ? this.#takeEntry(line) : undefined;
  }

  result(): VerifiedJournal | undefined {
    if (this.#end === undefined) return undefined;
    return { ok: true, keys: this.#keys.size, entries: this.#sequence, headHash: toHex(this.#hash) };
  }

  #takeKey(key: LineOf<"key">): string | undefined {
    if (this.#sequence > 0n) return "a key stands among the entries";
    if (this.#keys.has(key.publicKey)) return `the key ${key.publicKey} stands twice`;
    this.#keys.set(key.publicKey, key);
    return undefined;
  }

  #takeEntry(entry: LineOf<"entry">): string | undefined {
    const expected = this.#sequence + 1n;
    if (entry.sequence !== expected) return `entry ${entry.sequence} stands where ${expected} belongs`;
    const hash = hashEntry(this.#hash, entry);
    if (toHex(hash) !== entry.hash) {
      return `entry ${expected} is altered, or does not follow the one before it: its hash does not match`;
    }
    const key = this.#keys.get(entry.publicKey);
    if (key === undefined || key.network !== entry.network || key.accountId !== entry.accountId) {
      return `entry ${expected} is of a key that the export does not name`;
    }
    if (!signatureHolds(entry)) return `the signature of entry ${expected} does not verify`;
    const problem = this.#hold(entry);
    if (problem !== undefined) return problem;
    this.#sequence = expected;
    this.#hash = hash;
    return undefined;
  }

  #hold({ publicKey, nonce, sequence, payloadHash, supersedes }: LineOf<"entry">): string | undefined {
    const name = entryKey(publicKey, nonce);
    const holder = this.#holders.get(name);
    if ((holder?.sequence ?? 0n) !== supersedes || holder?.payloadHash === payloadHash) {
      return `entry ${sequence} gives nonce ${nonce} of ${publicKey} to a second payload, and is no repair`;
    }
    this.#holders.set(name, { sequence, payloadHash });
    const highest = this.#highest.get(publicKey);
    if (highest === undefined || nonce > highest) this.#highest.set(publicKey, nonce);
    return undefined;
  }

  #takeEnd(end: LineOf<"end">): string | undefined {
    if (end.entries !== this.#sequence) return "the end counts other entries";
    if (end.hash !== toHex(this.#hash)) return "the end has another hash than the last entry";
    if (end.linesHash !== this.#lines.digest("hex"))
      return "lines before the end are altered, missing or added";
    for (const { publicKey, highestNonce } of this.#keys.values()) {
      if (highestNonce !== (this.#highest.get(publicKey) ?? null)) {
        return `the highest nonce of ${publicKey} is not that of its entries`;
      }
    }
    this.#end = end;
    return undefined;
  }
}

/** NEAR's keys sign the payload's hash itself. */
function signatureHolds({ publicKey, payloadHash, signature }: LineOf<"entry">): boolean {
  if (signature === null) return true;
  const key = parsePublicKey(publicKey);
  return verifySignature(key, fromHex(payloadHash), { type: key.type, data: fromHex(signature) });
}
