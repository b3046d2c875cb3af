import { type KeyObject, randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { formatPublicKey } from "@countersign/near";
import { readSecret } from "@countersign/service-kit";
import { base58 } from "@scure/base";
import { Command } from "commander";
import { privateKeyFromSeed, publicKeyOf, SEED_BYTES } from "../backends/keystore/ed25519-seed.ts";
import { parseSecretKeyText } from "../backends/keystore/secret-key-text.ts";
import { fromHex } from "../chain/hash-text.ts";
import { signedAdminGrantJson } from "../grants/admin-grant-codec.ts";
import { signAdminGrant } from "../grants/admin-grant-signature.ts";
import type { AdminGrant, KeyPoolGrant } from "../grants/admin-grants.ts";
import { expiryFrom } from "./expiry.ts";
import { nonceFrom } from "./nonce-option.ts";

interface GrantOptions {
  adminKey: string;
  adminKeyId: string;
  audience: string;
  id: string;
  network: string;
  account: string;
  expires: string;
  out: string;
}

interface PoolOptions {
  poolPrefix?: string;
  poolBackend?: string;
  poolMaxKeys?: number;
  poolMinActive?: number;
}

/** `signer grant …`: what an admin does on a machine of their own, where no relay and no signer runs. */
export function grantCommand(): Command {
  const grant = new Command("grant");
  grant
    .command("keygen")
    .description("makes an admin key; its public half goes into the signer's admin_keys")
    .requiredOption("--out <file>", "file for the secret key (mode 0600); must not exist")
    .action(({ out }: { out: string }) => makeAdminKey(out));
  signing(
    "sign-key-management",
    "lets the signer's keys of an account be added and deleted, until it expires",
  )
    .option("--may-add", "pending keys may be added")
    .option("--may-delete", "drained keys may be deleted")
    .option("--pool-prefix <text>", "relays make and retire keys by themselves, whose ids begin so")
    .option("--pool-backend <name>", "the backend that makes these keys")
    .option("--pool-max-keys <number>", "most keys of the account, pending or active", keyCountFrom)
    .option("--pool-min-active <number>", "fewest active keys of the account", keyCountFrom)
    .action((options: GrantOptions & PoolOptions & { mayAdd?: true; mayDelete?: true }) => {
      const { mayAdd = false, mayDelete = false } = options;
      if (!mayAdd && !mayDelete) throw new Error("--may-add or --may-delete is needed");
      const pool = poolFrom(options);
      const allows = { ...account(options), kind: "key_management", mayAdd, mayDelete } as const;
      return writeGrant(options, pool === undefined ? allows : { ...allows, pool });
    });
  signing("sign-repair", "lets the journal take another payload for a used nonce, once")
    .requiredOption("--public-key <key>", "the access key, for example ed25519:…")
    .requiredOption("--nonce <number>", "the nonce", nonceFrom)
    .requiredOption("--old-payload-hash <hex>", "the payload hash that the journal holds")
    .action((options: GrantOptions & { publicKey: string; nonce: bigint; oldPayloadHash: string }) =>
      writeGrant(options, {
        ...account(options),
        kind: "journal_repair",
        publicKey: options.publicKey,
        nonce: options.nonce,
        oldPayloadHash: hashFrom(options.oldPayloadHash),
      }),
    );
  return grant;

  function signing(name: string, description: string): Command {
    return grant
      .command(name)
      .description(description)
      .requiredOption("--admin-key <reference>", "env:NAME or file:PATH of the admin's secret key")
      .requiredOption("--admin-key-id <id>", "its id in the signer's admin_keys")
      .requiredOption("--audience <name>", "the signer that the grant is for")
      .requiredOption("--id <id>", "the grant's own id, for the audit and for its revocation")
      .requiredOption("--network <name>", "the network")
      .requiredOption("--account <name>", "the relayer's account")
      .requiredOption("--expires <time>", "ISO 8601 with a time zone, or from now: 15m, 12h, 30d")
      .requiredOption("--out <file>", "file for the signed grant (JSON); must not exist");
  }
}

async function makeAdminKey(out: string): Promise<void> {
  const seed = randomBytes(SEED_BYTES);
  try {
    const publicKey = formatPublicKey(publicKeyOf(privateKeyFromSeed(seed)));
    await writeNew(out, `ed25519:${base58.encode(seed)}\n`);
    process.stdout.write(`${publicKey}\n`);
  } finally {
    seed.fill(0);
  }
}

async function writeGrant(options: GrantOptions, allows: AdminGrant["allows"]): Promise<void> {
  const notBefore = new Date();
  const expiresAt = expiryFrom(options.expires, notBefore);
  const { id, audience } = options;
  const grant = { id, audience, notBefore, expiresAt, allows };
  const signed = signAdminGrant(grant, options.adminKeyId, readAdminKey(options.adminKey));
  await writeNew(options.out, `${signedAdminGrantJson(signed)}\n`);
  process.stdout.write(`${id}: holds until ${expiresAt.toISOString()}, written to ${options.out}\n`);
}

function readAdminKey(reference: string): KeyObject {
  const { seed } = parseSecretKeyText(readSecret(reference, process.env).reveal());
  try {
    return privateKeyFromSeed(seed);
  } finally {
    seed.fill(0);
  }
}

const account = ({ network, account }: GrantOptions) => ({ network, accountId: account });

/** All of the options, or none of them. */
function poolFrom(options: PoolOptions): KeyPoolGrant | undefined {
  const { poolPrefix: keyIdPrefix, poolBackend: backend } = options;
  const { poolMaxKeys: maxKeys, poolMinActive: minActive } = options;
  const given = [keyIdPrefix, backend, maxKeys, minActive].filter((option) => option !== undefined);
  if (given.length === 0) return undefined;
  if (
    keyIdPrefix === undefined ||
    backend === undefined ||
    maxKeys === undefined ||
    minActive === undefined
  ) {
    throw new Error("--pool-prefix, --pool-backend, --pool-max-keys and --pool-min-active belong together");
  }
  return { keyIdPrefix, backend, maxKeys, minActive };
}

function keyCountFrom(text: string): number {
  if (!/^[1-9][0-9]{0,2}$/.test(text)) throw new Error(`${text} is not a number of keys`);
  return Number(text);
}

function hashFrom(text: string): Uint8Array {
  if (!/^[0-9a-f]{64}$/i.test(text)) throw new Error("--old-payload-hash must be 64 hex digits");
  return fromHex(text);
}

/** A file that is there stays as it is. */
async function writeNew(path: string, text: string): Promise<void> {
  await writeFile(path, text, { flag: "wx", mode: 0o600, flush: true });
}
