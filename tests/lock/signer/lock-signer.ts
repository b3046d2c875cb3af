import { randomBytes } from "node:crypto";
import { type Client, createClient } from "@connectrpc/connect";
import { LockSignerService } from "@countersign/gen/countersign/signer/v1/lock_signer_service_pb.ts";
import { type RunningSigner, runLockedSigner, signerConfig } from "../../signer/support/running-signer.ts";
import { unixTransport } from "../../signer/support/signer-client.ts";
import type { SignerSettings } from "../../support/signer-settings.ts";

/** What `lockSettings` refers to. The same for all signers of a test run, as for those of one database. */
const LOCK_ENV: Readonly<Record<string, string>> = {
  LOCK_SEALING_KEY: randomBytes(32).toString("hex"),
  OTHER_SEALING_KEY: randomBytes(32).toString("hex"),
};

/** A configuration with lock keys and nothing else. */
export const lockSettings = (...references: string[]): SignerSettings => ({
  backends: [],
  policies: {},
  lock: { sealing_keys: references.length === 0 ? ["env:LOCK_SEALING_KEY"] : references },
});

export interface LockSigner extends RunningSigner {
  readonly client: Client<typeof LockSignerService>;
}

/** A signer that holds lock keys alone, drained when the test ends. With a `storeUrl`, its store is there. */
export async function startLockSigner(settings: SignerSettings = {}, storeUrl?: string): Promise<LockSigner> {
  // A URL with a password is a secret, which stands in no file.
  const isSecret = storeUrl?.startsWith("postgres:") === true;
  const store = storeUrl === undefined ? {} : { store: { url: isSecret ? "env:STORE_URL" : storeUrl } };
  const env = storeUrl === undefined ? LOCK_ENV : { ...LOCK_ENV, STORE_URL: storeUrl };
  const config = signerConfig("unused", { ...lockSettings(), ...store, ...settings }, env);
  const signer = await runLockedSigner(config);
  return { ...signer, client: createClient(LockSignerService, unixTransport(signer.address)) };
}
