import { join } from "node:path";
import { Writable } from "node:stream";
import { createLogger } from "@countersign/service-kit";
import { createSigner, type Signer, type SignerOverrides } from "@countersign/signer-service/app.ts";
import type { ListenConfig, SignerConfig } from "@countersign/signer-service/config.ts";
import { onTestFinished } from "vitest";
import { PASSPHRASE } from "./keystores.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

export function signerConfig(keystore: string, listen?: ListenConfig): SignerConfig {
  return {
    listen: listen ?? { kind: "unix", path: join(temporaryDirectory(), "s.sock") },
    keystore: { file: keystore, passphrase: PASSPHRASE as SignerConfig["keystore"]["passphrase"] },
    log: { level: "trace" },
    limits: {
      request_max_bytes: 13_631_488,
      default_deadline_ms: 30_000,
      max_deadline_ms: 60_000,
      max_connections: 64,
      drain_ms: 30_000,
    },
  };
}

/** A signer in this process, drained when the test ends, with everything that it logs. */
export async function runSigner(
  config: SignerConfig,
  overrides: SignerOverrides = {},
): Promise<Signer & { logged(): string }> {
  let logged = "";
  const destination = new Writable({
    write(chunk, _encoding, done) {
      logged += chunk;
      done();
    },
  });
  const signer = await createSigner(config, {
    log: createLogger("signer", "trace", destination),
    ...overrides,
  });
  onTestFinished(() => signer.drain());
  return { ...signer, logged: () => logged };
}
