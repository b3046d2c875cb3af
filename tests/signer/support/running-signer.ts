import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Writable } from "node:stream";
import { createLogger } from "@countersign/service-kit";
import { createSigner, type Signer, type SignerOverrides } from "@countersign/signer-service/app.ts";
import { loadSignerConfig, type SignerConfig } from "@countersign/signer-service/config.ts";
import { onTestFinished } from "vitest";
import type { DevCerts } from "../../../scripts/dev-certs.ts";
import type { SignerSettings } from "../../support/signer-settings.ts";
import { adminOf } from "../../support/test-signer.ts";
import { PASSPHRASE_ENV, relayerSettings } from "./one-relayer.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

/** A configuration file with `settings`. */
export function configFile(settings: SignerSettings): string {
  const file = join(temporaryDirectory(), "signer.yaml");
  writeFileSync(file, JSON.stringify(settings));
  return file;
}

/** The configuration of a signer with a folder of its own for its sockets and its store. */
export function signerConfig(
  keystore: string,
  more: SignerSettings = {},
  env: Readonly<Record<string, string>> = {},
): SignerConfig {
  const limits = { default_deadline_ms: 30_000, max_connections: 64, drain_ms: 30_000 };
  const settings = relayerSettings(temporaryDirectory(), keystore, { limits, ...more });
  return loadSignerConfig(configFile(settings), { ...PASSPHRASE_ENV, ...env }).config;
}

/** Listens on TCP with these certificates, and lets their client in. */
export function tlsSettings(certs: DevCerts): SignerSettings {
  const tls = { ca_file: certs.ca, cert_file: certs.serverCert, key_file: certs.serverKey };
  return {
    listen: { host: "127.0.0.1", port: 0, tls },
    auth: { mtls: { identities: ["spiffe://countersign.example/relay"] } },
  };
}

/** A signer in this process, drained when the test ends, with everything that it logs. */
export interface RunningSigner extends Signer {
  readonly admin: ReturnType<typeof adminOf>;
  logged(): string;
}

/** A signer whose keys' nonces on the chain are taken to be 0. */
export async function runSigner(
  config: SignerConfig,
  overrides: SignerOverrides = {},
): Promise<RunningSigner> {
  const signer = await runLockedSigner(config, overrides);
  const { keys } = await signer.admin.getStatus({});
  const floors = keys.map(({ key }) => ({ keyId: key?.keyId ?? "", nonce: 0n }));
  if (floors.length > 0) await signer.admin.setNonceFloors({ floors });
  return signer;
}

/** A signer that does not know its keys' nonces on the chain yet. */
export async function runLockedSigner(
  config: SignerConfig,
  overrides: SignerOverrides = {},
): Promise<RunningSigner> {
  let logged = "";
  const destination = new Writable({
    write(chunk, _encoding, done) {
      logged += chunk;
      done();
    },
  });
  const log = createLogger("signer", "trace", destination);
  const signer = await createSigner(config, { log, ...overrides });
  let drained: Promise<void> | undefined;
  const drain = () => {
    drained ??= signer.drain();
    return drained;
  };
  onTestFinished(drain);
  const admin = adminOf(signer.adminAddress?.slice("unix:".length) ?? "");
  return { ...signer, drain, admin, logged: () => logged };
}
