import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openPkcs11Backend } from "@countersign/signer-service/backends/pkcs11/pkcs11-backend.ts";
import { createDatabase, postgresUrl } from "../../support/postgres.ts";
import { SoftHsm, softHsmModule, tokenConfig, USER_PIN } from "../../support/softhsm.ts";
import { addKey, PASSPHRASE } from "../support/keystores.ts";
import { KEYS, NETWORK } from "./relayer-keys.ts";

/** Where a signer keeps its keys and its journal, with the key "locked" in place before it starts. */
export interface SignerHome {
  readonly folder: string;
  /** The sections `backends`, `keys` and `store` of its configuration. */
  readonly sections: { readonly [section: string]: unknown };
  readonly environment: Record<string, string>;
  remove(): Promise<void>;
}

const LOCKED = { keyId: "locked", network: NETWORK, accountId: KEYS.locked.account };

const newFolder = () => mkdtempSync(join(tmpdir(), "relay-"));

async function keystoreHome(): Promise<SignerHome> {
  const folder = newFolder();
  const file = join(folder, "keystore.json");
  await addKey(file, LOCKED);
  return {
    folder,
    sections: {
      backends: [{ type: "keystore", name: "keys", file, passphrase: "env:KEYSTORE_PASSPHRASE" }],
      store: { url: `sqlite:${join(folder, "signer.db")}` },
    },
    environment: { KEYSTORE_PASSPHRASE: PASSPHRASE.reveal() },
    remove: async () => rmSync(folder, { recursive: true }),
  };
}

async function postgresHome(): Promise<SignerHome> {
  const [home, database] = await Promise.all([keystoreHome(), createDatabase()]);
  return {
    ...home,
    sections: { ...home.sections, store: { url: "env:STORE_URL" } },
    environment: { ...home.environment, STORE_URL: database.url },
    remove: async () => {
      await database.drop();
      await home.remove();
    },
  };
}

async function tokenHome(): Promise<SignerHome> {
  const folder = newFolder();
  const hsm = new SoftHsm();
  await hsm.makeToken("relayers");
  const backend = await openPkcs11Backend(tokenConfig("relayers", { sessions: 1 }));
  const made = await backend.generate?.(LOCKED);
  await backend.close();
  const place = { type: "pkcs11", name: "keys", module: softHsmModule, token_label: "relayers" };
  const key = { id: LOCKED.keyId, backend: "keys", reference: made?.reference };
  return {
    folder,
    sections: {
      backends: [{ ...place, pin: "env:TOKEN_PIN" }],
      keys: [{ ...key, network: NETWORK, account_id: LOCKED.accountId }],
      store: { url: `sqlite:${join(folder, "signer.db")}` },
    },
    environment: { TOKEN_PIN: USER_PIN, ...hsm.environment },
    remove: async () => {
      hsm.remove();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Every place for keys and every store that the attacks are tried on. */
export const SIGNER_HOMES = [
  { name: "keystore, SQLite", available: true, open: keystoreHome },
  { name: "keystore, PostgreSQL", available: postgresUrl !== undefined, open: postgresHome },
  { name: "PKCS#11, SQLite", available: softHsmModule !== undefined, open: tokenHome },
];
