import { parsePublicKey } from "@countersign/near";
import { verifySignature } from "@countersign/near/verify";
import { type AlteredExport, ChainVerifier, checkLines, cutOff } from "../chain/chain-verifier.ts";
import { fromHex } from "../chain/hash-text.ts";
import { hashEntry } from "./entry-hash.ts";
import { type ExportLine, journalLines, type LineOf, MAX_LINE_BYTES } from "./export-lines.ts";
import { entryKey } from "./reservation-rules.ts";

/** What an export that is whole and unaltered says. */
export interface VerifiedJournal {
  readonly ok: true;
  readonly keys: number;
  readonly entries: bigint;
  /** The last entry's hash in hexadecimal digits; zeros without one. Whoever knows it from the signer compares it. */
  readonly headHash: string;
}

/**
 * Checks an export, line by line (each with its line feed) and offline: every hash, every signature, that no entry is
 * missing, that no nonce of a key has two payloads but by a repair, and that the end is there. Each line that is well
 * goes to `take`. Nobody signs an export: one that was written anew as a whole has another `headHash`.
 */
export async function verifyJournal(
  lines: AsyncIterable<string>,
  take: (line: ExportLine) => Promise<void> = async () => {},
): Promise<VerifiedJournal | AlteredExport> {
  const verifier = new JournalVerifier();
  const format = { maxBytes: MAX_LINE_BYTES, parse: journalLines.parse };
  const checked = await checkLines(lines, format, (line, text) => verifier.take(line, text), take);
  if (!checked.ok) return checked;
  return verifier.result() ?? cutOff(checked.lines);
}

/** Where a nonce's payload stands. */
interface Holder {
  readonly sequence: bigint;
  readonly payloadHash: string;
}

class JournalVerifier {
  readonly #chain = new ChainVerifier();
  readonly #keys = new Map<string, LineOf<"key">>();
  readonly #highest = new Map<string, bigint>();
  /** By key and nonce. */
  readonly #holders = new Map<string, Holder>();

  /** A sentence when something is wrong with the line. */
  take(line: ExportLine, text: string): string | undefined {
    const problem = this.#chain.line(line.type, text);
    if (problem !== undefined) return problem;
    if (line.type === "end") return this.#takeEnd(line);
    if (line.type === "key") return this.#takeKey(line);
    return line.type === "entry" ? this.#takeEntry(line) : undefined;
  }

  result(): VerifiedJournal | undefined {
    const { ended, entries, headHash } = this.#chain;
    return ended ? { ok: true, keys: this.#keys.size, entries, headHash } : undefined;
  }

  #takeKey(key: LineOf<"key">): string | undefined {
    if (this.#chain.entries > 0n) return "a key stands among the entries";
    if (this.#keys.has(key.publicKey)) return `the key ${key.publicKey} stands twice`;
    this.#keys.set(key.publicKey, key);
    return undefined;
  }

  #takeEntry(entry: LineOf<"entry">): string | undefined {
    const problem = this.#chain.entry(entry, (before) => hashEntry(before, entry));
    if (problem !== undefined) return problem;
    const key = this.#keys.get(entry.publicKey);
    if (key === undefined || key.network !== entry.network || key.accountId !== entry.accountId) {
      return `entry ${entry.sequence} is of a key that the export does not name`;
    }
    if (!signatureHolds(entry)) return `the signature of entry ${entry.sequence} does not verify`;
    return this.#hold(entry);
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
    const problem = this.#chain.end(end);
    if (problem !== undefined) return problem;
    for (const { publicKey, highestNonce } of this.#keys.values()) {
      if (highestNonce !== (this.#highest.get(publicKey) ?? null)) {
        return `the highest nonce of ${publicKey} is not that of its entries`;
      }
    }
    return undefined;
  }
}

/** NEAR's keys sign the payload's hash itself. */
function signatureHolds({ publicKey, payloadHash, signature }: LineOf<"entry">): boolean {
  if (signature === null) return true;
  const key = parsePublicKey(publicKey);
  return verifySignature(key, fromHex(payloadHash), { type: key.type, data: fromHex(signature) });
}
