import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Secret } from "@countersign/service-kit";
import { addToKeystore } from "@countersign/signer-service/backends/keystore/keystore.ts";
import { COMPILE_CACHE } from "../../support/compile-cache.ts";
import { inOneFile } from "../../support/one-file.ts";
import { openPolicy, signerSettings } from "../../support/signer-settings.ts";
import { NETWORK } from "../../support/test-relay.ts";
import { adminOf } from "../../support/test-signer.ts";
import { Supervised } from "./supervised.ts";

/** A relayer's access key. */
export interface ChaosKey {
  readonly keyId: string;
  readonly accountId: string;
  readonly publicKey: string;
}

export interface ChaosSigner {
  readonly process: Supervised;
  readonly socketPath: string;
  readonly keys: readonly ChaosKey[];
  /** Starts it, and tells it that none of its keys' nonces is used on the chain. */
  begin(): Promise<void>;
}

const CLI = new URL("../../../signer-service/src/cli.ts", import.meta.url);
const PASSPHRASE = "correct horse battery staple";
/** The lowest cost that is read: the signer starts often here. */
const LOW_COST = { n: 2 ** 14, r: 1, p: 1 };
const CREATED_AT = "2026-01-02T03:04:05.000Z";

/** The signer's own program, with a keystore of `count` keys that are shared out among the accounts. */
export async function makeSigner(
  folder: string,
  storeUrl: string,
  accounts: readonly string[],
  count: number,
): Promise<ChaosSigner> {
  // Paths of sockets are short.
  const place = join(folder, "signer");
  mkdirSync(place, { mode: 0o700 });
  const keystore = join(place, "keystore.json");
  const keys: ChaosKey[] = [];
  for (let i = 0; i < count; i++) {
    const accountId = accounts[i % accounts.length] ?? "";
    const named = { keyId: `relayer-${i}`, network: NETWORK, accountId, createdAt: CREATED_AT };
    const seed = randomBytes(32);
    const made = await addToKeystore(
      keystore,
      new Secret(PASSPHRASE),
      { ...named, seed },
      randomBytes,
      LOW_COST,
    );
    keys.push({ keyId: made.key_id, accountId, publicKey: made.public_key });
  }
  const config = join(place, "signer.yaml");
  const settings = {
    backends: [{ type: "keystore", name: "keystore", file: keystore, passphrase: "env:PASSPHRASE" }],
    policies: Object.fromEntries(keys.map((key) => [key.keyId, openPolicy(NETWORK, key.accountId)])),
    store: { url: "env:STORE_URL" },
    log: { level: "warn" },
  };
  writeFileSync(config, JSON.stringify(signerSettings(place, settings)));
  const program = fileURLToPath(await inOneFile(CLI));
  const log = openSync(join(folder, "signer.log"), "a");
  const supervised = new Supervised(() =>
    spawn(process.execPath, [program, "run", "--config", config], {
      env: { ...process.env, ...COMPILE_CACHE, PASSPHRASE, STORE_URL: storeUrl },
      stdio: ["ignore", log, log],
    }),
  );
  return {
    process: supervised,
    socketPath: join(place, "s"),
    keys,
    async begin() {
      supervised.up();
      const admin = adminOf(join(place, "a"));
      const floors = keys.map(({ keyId }) => ({ keyId, nonce: 0n }));
      for (let tries = 0; ; tries++) {
        try {
          await admin.setNonceFloors({ floors });
          return;
        } catch (error) {
          if (tries === 200) throw error;
          await delay(50);
        }
      }
    },
  };
}
