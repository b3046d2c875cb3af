import { isValidAccountId, parsePublicKey } from "@countersign/near";
import { base64 } from "@scure/base";
import { z } from "zod";
import { findKeyConflict } from "../../relayer-signer/key-conflict.ts";
import { KeystoreError } from "./keystore-error.ts";

/** Most keys in one file, and most bytes that are read of one. */
const MAX_KEYS = 512;
export const MAX_FILE_BYTES = 1024 * 1024;

/**
 * Bounds of scrypt's cost on reading (RFC 7914): memory is 128 · n · r bytes and time grows with n · r · p, so
 * that a hostile file cannot take more than 256 MiB nor minutes.
 */
const MIN_N = 2 ** 14;
const MAX_N = 2 ** 18;
const MAX_SCRYPT_MEMORY = 256 * 1024 * 1024;

const bytes = (length: number) =>
  z.string().refine((text) => {
    try {
      return base64.decode(text).length === length;
    } catch {
      return false;
    }
  }, `must be base64 of ${length} bytes`);

const accepts = (parse: (text: string) => unknown) => (text: string) => {
  try {
    parse(text);
    return true;
  } catch {
    return false;
  }
};

const kdfSchema = z
  .strictObject({
    name: z.literal("scrypt"),
    n: z
      .int()
      .min(MIN_N)
      .max(MAX_N)
      .refine((n) => Number.isInteger(Math.log2(n)), "must be a power of two"),
    r: z.int().min(1).max(16),
    p: z.int().min(1).max(4),
    salt: bytes(32),
  })
  .refine(({ n, r }) => 128 * n * r <= MAX_SCRYPT_MEMORY, "asks for more than 256 MiB of memory");

/** What names a key: 1 to 128 characters that need no quoting in a shell, a log or a path. */
const keyIdSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, "must be letters, digits, '.', '_' or '-', at most 128");

/** What names a network, for example "testnet". */
const networkSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, "must be lower case letters, digits or '-', at most 64");

/** The account whose access key it is. */
const accountIdSchema = z.string().refine(isValidAccountId, "is not a NEAR account name");

const publicKeySchema = z.string().refine(
  accepts((text) => {
    if (parsePublicKey(text).type !== "ed25519") throw new KeystoreError("not ed25519");
  }),
  "is not an ed25519 public key",
);

const metadataSchema = z.strictObject({
  key_id: keyIdSchema,
  network: networkSchema,
  account_id: accountIdSchema,
  public_key: publicKeySchema,
  created_at: z.iso.datetime(),
});

const entrySchema = metadataSchema.extend({ nonce: bytes(24), ciphertext: bytes(32 + 16) });

const fileSchema = z.strictObject({
  format: z.literal("countersign-keystore"),
  version: z.literal(1),
  kdf: kdfSchema,
  cipher: z.literal("xchacha20-poly1305"),
  keys: z.array(entrySchema).max(MAX_KEYS),
});

/** How the file's key is derived from the passphrase. `salt` is base64 of 32 bytes. */
export type KdfParameters = z.infer<typeof kdfSchema>;
/** What an entry says about its key; nothing secret. */
export type KeyMetadata = z.infer<typeof metadataSchema>;
/** One key: public metadata, and its seed sealed. */
export type KeystoreEntry = z.infer<typeof entrySchema>;
/** A keystore file's contents (docs/keystore.md). */
export type KeystoreContents = z.infer<typeof fileSchema>;

/**
 * Reads a keystore's text; throws a KeystoreError that names every problem. Key ids and public keys occur once
 * each: one key never serves two networks or two accounts.
 */
export function parseKeystore(text: string): KeystoreContents {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new KeystoreError("the keystore is not JSON");
  }
  const contents = parseWith(fileSchema, json, "the keystore is not valid");
  assertDistinctKeys(contents.keys);
  return contents;
}

/** Throws a KeystoreError that names every problem. */
export function assertMetadata(metadata: KeyMetadata): void {
  parseWith(metadataSchema, metadata, "the key cannot be stored");
}

function parseWith<T>(schema: z.ZodType<T>, value: unknown, complaint: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((i) => `${i.path.join(".") || "file"}: ${i.message}`);
  throw new KeystoreError(`${complaint}: ${problems.join("; ")}`);
}

/** Throws a KeystoreError if a key id or a public key occurs twice. */
export function assertDistinctKeys(entries: readonly KeyMetadata[]): void {
  const conflict = findKeyConflict(
    entries.map((e) => ({ keyId: e.key_id, network: e.network, publicKey: parsePublicKey(e.public_key) })),
  );
  if (conflict !== null) throw new KeystoreError(conflict);
}
