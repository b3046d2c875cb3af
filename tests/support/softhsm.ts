import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { ConfigSecret } from "@countersign/service-kit";
import type { Pkcs11Config } from "@countersign/signer-service/backends/pkcs11/pkcs11-schema.ts";

/** SoftHSM's library, that scripts/services.sh found; undefined without it, or without pkcs11js built. */
export const softHsmModule = process.env.TEST_PKCS11_MODULE;

export const USER_PIN = "271828";
const SECURITY_OFFICER_PIN = "31415926";

/** A SoftHSM of a test file's own. The library is one for a process, and so are its folder and its tokens. */
export class SoftHsm {
  readonly #folder = mkdtempSync(join(tmpdir(), "hsm-"));

  /** What another process needs in its environment to see these tokens. */
  readonly environment: { readonly SOFTHSM2_CONF: string };

  /** Points this process at an empty folder of tokens, before the library is initialized. */
  constructor() {
    mkdirSync(this.#tokens);
    const configuration = join(this.#folder, "softhsm2.conf");
    writeFileSync(
      configuration,
      `directories.tokendir = ${this.#tokens}\nobjectstore.backend = file\nlog.level = ERROR\n`,
    );
    this.environment = { SOFTHSM2_CONF: configuration };
    process.env.SOFTHSM2_CONF = configuration;
  }

  /** Makes a token, with the tool that an operator has for it. */
  async makeToken(label: string): Promise<void> {
    const pins = ["--pin", USER_PIN, "--so-pin", SECURITY_OFFICER_PIN];
    await promisify(execFile)("softhsm2-util", ["--init-token", "--free", "--label", label, ...pins], {
      env: { ...process.env, ...this.environment },
    });
  }

  /** Takes every token away; the returned function puts them back. */
  removeTokens(): () => void {
    const away = join(this.#folder, "away");
    renameSync(this.#tokens, away);
    mkdirSync(this.#tokens);
    return () => {
      for (const token of readdirSync(away)) renameSync(join(away, token), join(this.#tokens, token));
      rmSync(away, { recursive: true });
    };
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #tokens(): string {
    return join(this.#folder, "tokens");
  }
}

/** A backend's configuration for a token of a SoftHSM. */
export function tokenConfig(label: string, overrides: Partial<Pkcs11Config> = {}): Pkcs11Config {
  return {
    type: "pkcs11",
    name: "hsm-1",
    module: softHsmModule ?? "",
    token_label: label,
    pin: new ConfigSecret(USER_PIN, "env:PIN"),
    sessions: 4,
    generate: "ed25519",
    timeout_ms: 5_000,
    ...overrides,
  };
}
