import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { RelayerSignerService } from "@countersign/gen/countersign/signer/v1/relayer_signer_service_pb.ts";
import { parsePublicKey } from "@countersign/near";
import { KEY_ID, type Keystore, NETWORK, RELAYER } from "../shared/keystore.ts";
import { type EngineName, freshLedger } from "../shared/ledgers.ts";
import { connectToSocket, RawClient } from "../shared/raw-client.ts";
import { BENCH_POLICY, type BenchKey } from "./calls.ts";
import type { GrantKey } from "./grants.ts";
import type { Place } from "./rows.ts";
import { type BenchSigner, startSigner } from "./signer-process.ts";
import { KEY_LABEL, type Token } from "./token.ts";

const TOKEN_KEY_ID = "relayer-2";

/** A signer with a store of its own, and the keys that it holds. */
export interface ServedSigner extends BenchSigner {
  readonly client: RawClient;
  readonly keys: Readonly<Record<Place, BenchKey | undefined>>;
  stop(): Promise<void>;
}

export interface ServedSignerOptions {
  /** An existing folder for the files of all signers. */
  readonly folder: string;
  readonly keystore: Keystore;
  readonly token: Token | undefined;
  readonly grantKey: GrantKey;
  readonly logLevel: string;
  readonly profileFolder: string | undefined;
}

/** Starts a signer with an empty store that holds the keystore's key, and the token's if there is one. */
export async function serveSigner(store: EngineName, options: ServedSignerOptions): Promise<ServedSigner> {
  const { keystore, token, grantKey, logLevel, profileFolder } = options;
  const folder = join(options.folder, store);
  await mkdir(folder);
  const database = await freshLedger(store, folder);
  try {
    const signer = await startSigner({
      folder,
      storeUrl: store === "sqlite" ? database.url : "env:BENCH_STORE_URL",
      backends: [keystore.backend, ...(token === undefined ? [] : [token.backend])],
      keys: token === undefined ? [] : [tokenKey],
      policies: Object.fromEntries(
        (token === undefined ? [KEY_ID] : [KEY_ID, TOKEN_KEY_ID]).map((id) => [id, BENCH_POLICY]),
      ),
      grantKey: grantKey.publicKey,
      logLevel,
      env: { ...keystore.env, ...token?.env, BENCH_STORE_URL: database.url },
      profileFolder: profileFolder && join(profileFolder, store),
    });
    const client = new RawClient(
      connectToSocket(signer.socket),
      RelayerSignerService.method.signTransactions,
    );
    return {
      ...signer,
      client,
      keys: {
        keystore: { keyId: KEY_ID, publicKey: parsePublicKey(keystore.publicKey), nextNonce: 1n },
        pkcs11: token && { keyId: TOKEN_KEY_ID, publicKey: token.publicKey, nextNonce: 1n },
      },
      async stop() {
        client.close();
        await signer.running.stop();
        await database.drop();
      },
    };
  } catch (error) {
    await database.drop();
    throw error;
  }
}

/** As the signer's configuration lists it: a token does not know accounts. */
const tokenKey = {
  id: TOKEN_KEY_ID,
  backend: "hsm",
  reference: KEY_LABEL,
  network: NETWORK,
  account_id: RELAYER,
};
