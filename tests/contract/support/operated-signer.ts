import { openBackends } from "@countersign/signer-service/backends/open-backends.ts";
import { loadSignerConfig } from "@countersign/signer-service/config.ts";
import { keystoreFile, PASSPHRASE_ENV, relayerSettings } from "../../signer/support/one-relayer.ts";
import { configFile, type RunningSigner, runSigner } from "../../signer/support/running-signer.ts";
import { temporaryDirectory } from "../../signer/support/temporary-directory.ts";
import type { SignerSettings } from "../../support/signer-settings.ts";
import { type AdminGrantOf, adminGrants } from "./admin-grants.ts";

export const ADMIN_AUDIENCE = "test-signer";

/** A signer of a test's own with a keystore, as its operators see it: keys "a" and "b" are active. */
export interface OperatedSigner {
  readonly admin: RunningSigner["admin"];
  /** The keystore's file. */
  readonly keystore: string;
  /** The configuration file, which a reload reads again, and what stands in it. */
  readonly file: string;
  readonly settings: SignerSettings;
  /** A grant of the admin key "eve". */
  readonly grantOf: AdminGrantOf;
  /** From now on places open when they are released; `opening` resolves when one is asked for. */
  held(): { opening: Promise<void>; release(): void };
}

/** Starts it; it is drained when the test ends. */
export async function startOperatedSigner(): Promise<OperatedSigner> {
  const { adminKey, grantOf } = adminGrants(ADMIN_AUDIENCE);
  const keystore = await keystoreFile();
  const settings = relayerSettings(temporaryDirectory(), keystore, { admin_keys: [adminKey] });
  const file = configFile(settings);
  const readConfig = () => loadSignerConfig(file, PASSPHRASE_ENV).config;
  let hold = async () => {};
  const { admin } = await runSigner(readConfig(), {
    readConfig,
    openBackends: async (configs) => {
      await hold();
      return openBackends(configs);
    },
  });
  return {
    admin,
    keystore,
    file,
    settings,
    grantOf,
    held() {
      const opening = Promise.withResolvers<void>();
      const released = Promise.withResolvers<void>();
      hold = () => {
        opening.resolve();
        return released.promise;
      };
      return { opening: opening.promise, release: released.resolve };
    },
  };
}
