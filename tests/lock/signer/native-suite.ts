import type { LockSuite } from "@countersign/crypto/lock/lock-suite.ts";
import { chooseLibsodium } from "@countersign/signer-service/lock/choose-libsodium.ts";
import { nativeLibsodium } from "@countersign/signer-service/lock/libsodium-native.ts";

/**
 * Suite 1 with the system's libsodium; undefined, and a line says why, where it cannot be used. With CI=true that is an error.
 */
export const nativeSuite: LockSuite | undefined = await chooseLibsodium(nativeLibsodium).then(
  ({ suite }) => suite,
  (error: Error) => {
    if (process.env.CI === "true") throw error;
    process.stderr.write(`tests of the system's libsodium are skipped: ${error.message}\n`);
    return undefined;
  },
);
