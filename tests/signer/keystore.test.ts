import { randomBytes, sign, verify } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { formatPublicKey } from "@countersign/near";
import { Secret } from "@countersign/service-kit";
import {
  privateKeyFromSeed,
  publicKeyOf,
} from "@countersign/signer-service/backends/keystore/ed25519-seed.ts";
import type { KeystoreContents } from "@countersign/signer-service/backends/keystore/format.ts";
import {
  addToKeystore,
  listKeystore,
  NEW_FILE_COST,
  unlockKeystore,
} from "@countersign/signer-service/backends/keystore/keystore.ts";
import { describe, expect, it } from "vitest";
import { addKey, keystoreOf, LOW_COST, newKey, PASSPHRASE } from "./support/keystores.ts";
import { temporaryDirectory } from "./support/temporary-directory.ts";

const TWO_KEYS = [
  { keyId: "relayer-1", accountId: "one.testnet" },
  { keyId: "relayer-2", accountId: "two.testnet" },
] as const;

function alter(path: string, change: (contents: KeystoreContents) => void): void {
  const contents = JSON.parse(readFileSync(path, "utf8"));
  change(contents);
  writeFileSync(path, JSON.stringify(contents));
}

function entry(contents: KeystoreContents, index: number) {
  const found = contents.keys[index];
  if (found === undefined) throw new Error(`no entry ${index}`);
  return found;
}

function flipFirstBit(text: string): string {
  const bytes = Buffer.from(text, "base64");
  bytes.writeUInt8(bytes.readUInt8(0) ^ 1, 0);
  return bytes.toString("base64");
}

describe("a keystore", () => {
  it("gives back keys that sign like the seeds put in", async () => {
    const seeds = [randomBytes(32), randomBytes(32)] as const;
    const path = await keystoreOf({ keyId: "a", seed: seeds[0] }, { keyId: "b", seed: seeds[1] });
    const unlocked = await unlockKeystore(path, PASSPHRASE);
    expect(unlocked.map((key) => key.entry.key_id)).toEqual(["a", "b"]);
    for (const [i, { privateKey, entry }] of unlocked.entries()) {
      const original = privateKeyFromSeed(seeds[i] ?? new Uint8Array());
      expect(sign(null, Buffer.from("x"), privateKey)).toEqual(sign(null, Buffer.from("x"), original));
      expect(entry.public_key).toBe(formatPublicKey(publicKeyOf(original)));
    }
  });

  it("is a file of mode 0600 without the seed in any encoding, and no temporary file stays", async () => {
    const seed = randomBytes(32);
    const path = await keystoreOf({ seed });
    const text = readFileSync(path, "utf8");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    for (const encoding of ["hex", "base64"] as const) expect(text).not.toContain(seed.toString(encoding));
    expect(existsSync(`${path}.tmp`)).toBe(false);
  });

  it("is made with scrypt at N = 2^17, r = 8, p = 1 unless told otherwise", async () => {
    const path = join(temporaryDirectory(), "keystore.json");
    await addToKeystore(path, PASSPHRASE, newKey(), randomBytes);
    expect(NEW_FILE_COST).toEqual({ n: 131_072, r: 8, p: 1 });
    expect(JSON.parse(readFileSync(path, "utf8")).kdf).toMatchObject(NEW_FILE_COST);
    expect(await unlockKeystore(path, PASSPHRASE)).toHaveLength(1);
  });

  it("lists its keys without the passphrase", async () => {
    const path = await keystoreOf(...TWO_KEYS);
    expect((await listKeystore(path)).map((key) => key.account_id)).toEqual(["one.testnet", "two.testnet"]);
  });

  it("seals the same seed differently each time", async () => {
    const seed = randomBytes(32);
    const [first, second] = [await keystoreOf({ seed }), await keystoreOf({ seed })];
    const read = async (path: string) => (await listKeystore(path))[0]?.ciphertext;
    expect(await read(first)).not.toBe(await read(second));
  });
});

describe("unlocking is refused", () => {
  it("with a wrong or an empty passphrase", async () => {
    const path = await keystoreOf(...TWO_KEYS);
    await expect(unlockKeystore(path, new Secret("wrong"))).rejects.toThrow("the passphrase is wrong");
    await expect(unlockKeystore(path, new Secret(""))).rejects.toThrow("passphrase is empty");
  });

  const alterations: Record<string, (contents: KeystoreContents) => void> = {
    "key id": (c) => Object.assign(entry(c, 1), { key_id: "relayer-3" }),
    network: (c) => Object.assign(entry(c, 1), { network: "mainnet" }),
    account: (c) => Object.assign(entry(c, 1), { account_id: "mallory.testnet" }),
    "public key": (c) =>
      Object.assign(entry(c, 1), {
        public_key: formatPublicKey(publicKeyOf(privateKeyFromSeed(randomBytes(32)))),
      }),
    "creation time": (c) => Object.assign(entry(c, 1), { created_at: "2020-01-01T00:00:00Z" }),
    nonce: (c) => Object.assign(entry(c, 1), { nonce: flipFirstBit(entry(c, 1).nonce) }),
    ciphertext: (c) => Object.assign(entry(c, 1), { ciphertext: flipFirstBit(entry(c, 1).ciphertext) }),
  };
  for (const [field, change] of Object.entries(alterations)) {
    it(`when an entry's ${field} was altered, and the entry is named`, async () => {
      const path = await keystoreOf(...TWO_KEYS);
      alter(path, change);
      await expect(unlockKeystore(path, PASSPHRASE)).rejects.toThrow(
        /these keys were altered: relayer-[23]$/,
      );
    });
  }

  it("when the ciphertexts of two entries were swapped", async () => {
    const path = await keystoreOf(...TWO_KEYS);
    alter(path, (c) => {
      const [a, b] = [{ ...entry(c, 0) }, { ...entry(c, 1) }];
      Object.assign(entry(c, 0), { nonce: b.nonce, ciphertext: b.ciphertext });
      Object.assign(entry(c, 1), { nonce: a.nonce, ciphertext: a.ciphertext });
    });
    await expect(unlockKeystore(path, PASSPHRASE)).rejects.toThrow("was altered");
  });

  it("when an entry came from another file with the same passphrase", async () => {
    const [path, other] = [await keystoreOf(TWO_KEYS[0]), await keystoreOf(TWO_KEYS[1])];
    const foreign = (await listKeystore(other))[0];
    alter(path, (c) => c.keys.push(foreign as (typeof c.keys)[0]));
    await expect(unlockKeystore(path, PASSPHRASE)).rejects.toThrow("these keys were altered: relayer-2");
  });

  for (const [field, value] of [
    ["n", 2 ** 15],
    ["r", 4],
    ["p", 2],
    ["salt", Buffer.alloc(32).toString("base64")],
  ] as const) {
    it(`when the file's scrypt parameter ${field} was altered`, async () => {
      const path = await keystoreOf(...TWO_KEYS);
      alter(path, (c) => Object.assign(c.kdf, { [field]: value }));
      await expect(unlockKeystore(path, PASSPHRASE)).rejects.toThrow("was altered");
    });
  }
});

describe("a keystore file is refused", () => {
  for (const mode of [0o640, 0o604, 0o660, 0o602]) {
    it(`with mode ${mode.toString(8)}`, async () => {
      const path = await keystoreOf({});
      chmodSync(path, mode);
      await expect(unlockKeystore(path, PASSPHRASE)).rejects.toThrow("run chmod 600");
      await expect(listKeystore(path)).rejects.toThrow("run chmod 600");
    });
  }

  it("when its scrypt parameters ask for too much memory or time, before any is spent", async () => {
    const hostile = [
      { n: 2 ** 30 },
      { n: 2 ** 13 },
      { n: 2 ** 14 + 1 },
      { r: 2 ** 20 },
      { p: 1000 },
      { n: 2 ** 18, r: 16 },
      { n: 1e300 },
      { n: -1 },
      { r: 0 },
    ];
    for (const kdf of hostile) {
      const path = await keystoreOf({});
      alter(path, (c) => Object.assign(c.kdf, kdf));
      await expect(unlockKeystore(path, PASSPHRASE), JSON.stringify(kdf)).rejects.toThrow(/kdf/);
    }
  });

  it("when a public key stands in it twice, within a network or under two", async () => {
    const seed = randomBytes(32);
    const path = await keystoreOf({ seed });
    await expect(addKey(path, { keyId: "again", seed })).rejects.toThrow("are the same key");
    await expect(addKey(path, { keyId: "again", network: "mainnet", seed })).rejects.toThrow("two networks");
    alter(path, (c) => c.keys.push({ ...entry(c, 0), key_id: "again", network: "mainnet" }));
    await expect(listKeystore(path)).rejects.toThrow("held for two networks");
  });

  it("when a key id stands in it twice", async () => {
    const path = await keystoreOf({ keyId: "a" });
    await expect(addKey(path, { keyId: "a" })).rejects.toThrow("key id a occurs twice");
    alter(path, (c) => c.keys.push(entry(c, 0)));
    await expect(listKeystore(path)).rejects.toThrow("key id a occurs twice");
  });

  it("when it has an unknown field, another version, or is no JSON, no file or too large", async () => {
    const path = await keystoreOf({});
    alter(path, (c) => Object.assign(c, { note: "hello" }));
    await expect(listKeystore(path)).rejects.toThrow(/note/);
    alter(path, (c) => Object.assign(c, { note: undefined, version: 2 }));
    await expect(listKeystore(path)).rejects.toThrow(/version/);
    writeFileSync(path, "{");
    await expect(listKeystore(path)).rejects.toThrow("not JSON");
    writeFileSync(path, " ".repeat(1024 * 1024 + 1));
    await expect(listKeystore(path)).rejects.toThrow("too large");
    const directory = join(temporaryDirectory(), "keystore.json");
    mkdirSync(directory);
    await expect(listKeystore(directory)).rejects.toThrow("not a regular file");
    await expect(listKeystore(join(directory, "none"))).rejects.toThrow("there is no keystore");
  });
});

describe("adding a key", () => {
  it("under another passphrase is refused, and the file stays as it was", async () => {
    const path = await keystoreOf({});
    const before = readFileSync(path);
    const adding = addToKeystore(path, new Secret("other"), newKey({ keyId: "b" }), randomBytes, LOW_COST);
    await expect(adding).rejects.toThrow("the passphrase is wrong");
    expect(readFileSync(path)).toEqual(before);
    expect(existsSync(`${path}.tmp`)).toBe(false);
  });

  it("with a name that is not one is refused", async () => {
    const path = join(temporaryDirectory(), "keystore.json");
    await expect(addKey(path, { keyId: "a b" })).rejects.toThrow("key_id: must be letters");
    await expect(addKey(path, { network: "Main Net" })).rejects.toThrow("network: must be lower case");
    await expect(addKey(path, { accountId: "A..b" })).rejects.toThrow(
      "account_id: is not a NEAR account name",
    );
    expect(existsSync(path)).toBe(false);
  });

  it("twice at once loses no key: one writer is told that another is writing", async () => {
    const path = await keystoreOf({});
    const results = await Promise.allSettled([addKey(path, { keyId: "b" }), addKey(path, { keyId: "c" })]);
    const failures = results.flatMap((r) => (r.status === "rejected" ? [String(r.reason)] : []));
    for (const failure of failures) expect(failure).toContain("another process is writing");
    expect(await unlockKeystore(path, PASSPHRASE)).toHaveLength(3 - failures.length);
  });

  it("verifies under the public key that it reports", async () => {
    const seed = randomBytes(32);
    const path = join(temporaryDirectory(), "keystore.json");
    const { public_key } = await addKey(path, { seed });
    const [unlocked] = await unlockKeystore(path, PASSPHRASE);
    if (unlocked === undefined) throw new Error("nothing unlocked");
    const signature = sign(null, Buffer.from("m"), unlocked.privateKey);
    expect(public_key).toBe(formatPublicKey(publicKeyOf(unlocked.privateKey)));
    expect(verify(null, Buffer.from("m"), unlocked.privateKey, signature)).toBe(true);
  });
});
