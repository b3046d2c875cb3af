import { expect, test } from "vitest";
import { NO_HASH, toHex } from "../chain/hash-text.ts";
import { entryBytes, hashEntry, type JournalEntry } from "./entry-hash.ts";

const entry: JournalEntry = {
  sequence: 1n,
  at: new Date(1_900_000_000_000),
  network: "testnet",
  accountId: "relayer.testnet",
  publicKey: "ed25519:11111111111111111111111111111111",
  nonce: 2n ** 64n - 1n,
  payloadHash: "ab".repeat(32),
  purpose: "DELEGATE",
  grantId: "cd".repeat(16),
  tenant: "acme",
  submissionId: "sub_1",
  deposit: 10n ** 24n,
  gas: 10n ** 13n,
  requestId: "request-1",
  peer: "spiffe://countersign/relay",
  supersedes: 0n,
};

test("an entry's bytes are its fields in their order, each with its length", () => {
  const text = (value: string) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(Buffer.byteLength(value));
    return Buffer.concat([length, Buffer.from(value)]).toString("hex");
  };
  const u64 = (value: bigint) => value.toString(16).padStart(16, "0");
  const { sequence, nonce, supersedes } = entry;
  const between = [
    entry.purpose,
    entry.grantId,
    "acme",
    "sub_1",
    `1${"0".repeat(24)}`,
    `1${"0".repeat(13)}`,
    "request-1",
    entry.peer,
  ];
  expect(toHex(entryBytes(NO_HASH, entry))).toBe(
    [
      text("countersign-journal-entry-v1"),
      "00".repeat(32),
      u64(sequence),
      u64(1_900_000_000_000n),
      ...["testnet", "relayer.testnet", entry.publicKey].map(text),
      u64(nonce),
      text(entry.payloadHash),
      ...between.map(text),
      u64(supersedes),
    ].join(""),
  );
});

test("every field, and the entry before, changes the hash", () => {
  const other = (value: unknown) => {
    if (typeof value === "bigint") return value ^ 1n;
    return value instanceof Date ? new Date(value.getTime() + 1) : `${String(value)}x`;
  };
  const changed = Object.entries(entry).map(([name, value]) => ({ ...entry, [name]: other(value) }));
  const hashes = changed.map((e) => toHex(hashEntry(NO_HASH, e)));
  const own = toHex(hashEntry(NO_HASH, entry));
  const later = toHex(hashEntry(new Uint8Array(32).fill(1), entry));
  expect(new Set([...hashes, own, later]).size).toBe(Object.keys(entry).length + 2);
});

test("a hash of another length is refused", () => {
  expect(() => hashEntry(new Uint8Array(31), entry)).toThrow(RangeError);
});
