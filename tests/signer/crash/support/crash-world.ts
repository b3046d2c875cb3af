import { generateKeyPairSync, type KeyObject, randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatPublicKey, type PublicKey, parsePublicKey } from "@countersign/near";
import { Secret } from "@countersign/service-kit";
import { addToKeystore } from "@countersign/signer-service/backends/keystore/keystore.ts";
import { COMPILE_CACHE } from "../../../support/compile-cache.ts";
import { inOneFile } from "../../../support/one-file.ts";
import { createDatabase, type TestDatabase } from "../../../support/postgres.ts";
import { openPolicy, type SignerSettings, signerSettings } from "../../../support/signer-settings.ts";
import { USER_PIN } from "../../../support/softhsm.ts";
import { adminOf } from "../../../support/test-signer.ts";
import type { CrashToken } from "./crash-token.ts";
import type { JournalKind, Plan } from "./plan.ts";
import { type Records, readRecords } from "./record-file.ts";

export const NETWORK = "testnet";
export const ACCOUNT = "relay.testnet";
export const AUDIENCE = "test-signer";
export const GRANT_KEY = "relay-1";

const SIGNER = new URL("faulty-signer.ts", import.meta.url);
const PASSPHRASE = "correct horse battery staple";
/** The lowest cost that is read: signers start often here. */
const LOW_COST = { n: 2 ** 14, r: 1, p: 1 };

export type StoreKind = "SQLite" | "PostgreSQL" | "PostgreSQL, two signers";

/** What one signer is started with. */
interface SignerSite {
  /** Has its sockets. */
  readonly folder: string;
  readonly plan: Plan;
}

/** A store, keys in every kind of place, and configurations of one or two signers that use them. */
export interface CrashWorld {
  readonly store: StoreKind;
  readonly sites: readonly SignerSite[];
  readonly program: URL;
  readonly env: NodeJS.ProcessEnv;
  /** By key id; empty before `enterKeys`. */
  readonly keys: ReadonlyMap<string, PublicKey>;
  /** Signs the relay's grants. */
  readonly grantKey: KeyObject;
  /** Has the first signer, which must be running, know its keys: none of their nonces is used on the chain. */
  enterKeys(): Promise<void>;
  remove(): Promise<void>;
}

/** What all signers of a world have written down, in all of their lives. */
export function recordsOf({ sites }: CrashWorld): Records {
  const records = sites.map(({ plan }) => readRecords(plan.record));
  return {
    signings: records.flatMap(({ signings }) => signings),
    passedGrants: records.flatMap(({ passedGrants }) => passedGrants),
  };
}

/** What a world is made of. */
export interface CrashWorldOptions {
  readonly store: StoreKind;
  readonly journal: JournalKind;
  /** One more place with a key. */
  readonly token?: CrashToken | undefined;
}

export async function createCrashWorld({ store, journal, token }: CrashWorldOptions): Promise<CrashWorld> {
  const folder = mkdtempSync(join(tmpdir(), "crash-"));
  const database = store === "SQLite" ? undefined : await createDatabase();
  const keystore = join(folder, "keystore.json");
  await makeKeystore(keystore);
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const keyIds = ["keystore", "ecdsa", ...(token === undefined ? [] : ["hsm"])];
  const settings = {
    grants: { required: true, keys: [{ id: GRANT_KEY, public_key: textOf(publicKey) }] },
    policies: Object.fromEntries(keyIds.map((id) => [id, openPolicy(NETWORK, ACCOUNT)])),
    ...placesOf(keystore, token),
    ...(database && { store: { url: "env:DATABASE_URL" } }),
  };
  const common = { secret: randomBytes(32).toString("hex"), settings, journal };
  const names = store === "PostgreSQL, two signers" ? ["1", "2"] : ["1"];
  const sites = names.map((name) => makeSite(join(folder, name), common));
  const keys = new Map<string, PublicKey>();
  return {
    store,
    sites,
    program: await inOneFile(SIGNER),
    keys,
    grantKey: privateKey,
    env: environment(database, token),
    async enterKeys() {
      const admin = adminOf(join(sites[0]?.folder ?? "", "a"));
      const floors = keyIds.map((keyId) => ({ keyId, nonce: 0n }));
      for (const { key } of (await admin.setNonceFloors({ floors })).keys) {
        if (key !== undefined) keys.set(key.keyId, parsePublicKey(key.publicKey));
      }
    },
    async remove() {
      await database?.drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function makeSite(
  folder: string,
  { secret, settings, journal }: { secret: string; settings: SignerSettings; journal: JournalKind },
): SignerSite {
  mkdirSync(folder, { mode: 0o700 });
  const config = join(folder, "signer.yaml");
  writeFileSync(config, JSON.stringify(signerSettings(folder, settings)));
  const ecdsa = { keyId: "ecdsa", secret };
  const record = join(folder, "record");
  return { folder, plan: { config, record, ecdsa, network: NETWORK, accountId: ACCOUNT, journal } };
}

async function makeKeystore(path: string): Promise<void> {
  const createdAt = "2026-01-02T03:04:05.000Z";
  const key = { keyId: "keystore", network: NETWORK, accountId: ACCOUNT, createdAt, seed: randomBytes(32) };
  await addToKeystore(path, new Secret(PASSPHRASE), key, randomBytes, LOW_COST);
}

/** The configuration's sections `backends` and `keys`; the key in memory comes from the process itself. */
function placesOf(keystore: string, token: CrashToken | undefined): SignerSettings {
  const file = { type: "keystore", name: "keystore", file: keystore, passphrase: "env:PASSPHRASE" };
  if (token === undefined) return { backends: [file] };
  const { reference, settings } = token;
  const key = { id: "hsm", backend: settings.name, reference, network: NETWORK, account_id: ACCOUNT };
  return { backends: [file, { ...settings, pin: "env:PIN" }], keys: [key] };
}

function environment(database?: TestDatabase, token?: CrashToken): NodeJS.ProcessEnv {
  return {
    ...process.env,
    ...COMPILE_CACHE,
    ...token?.environment,
    PASSPHRASE,
    PIN: USER_PIN,
    ...(database && { DATABASE_URL: database.url }),
  };
}

function textOf(publicKey: KeyObject): string {
  const { x = "" } = publicKey.export({ format: "jwk" });
  return formatPublicKey({ type: "ed25519", data: Buffer.from(x, "base64url") });
}
