import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { Secret } from "@countersign/service-kit";
import { privateKeyFromSeed } from "@countersign/signer-service/backends/keystore/ed25519-seed.ts";
import { unlockKeystore } from "@countersign/signer-service/backends/keystore/keystore.ts";
import { baseEncode, KeyPair } from "near-api-js";
import { onTestFinished } from "vitest";
import { SoftHsm, softHsmModule } from "../../../support/softhsm.ts";
import { NETWORK, RELAYER } from "../../../support/test-relay.ts";
import { runCli } from "../../support/signer-cli.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import type { Needle } from "./needles.ts";
import { seedForms, textEncodings, textForms } from "./secret-forms.ts";

export const KEY_ID = "relayer-1";

/** Where a signer has its keys, with a first key that the test knows. */
export interface Custody {
  /** The backend's name in the signer's configuration, and what the configuration says of it and of its keys. */
  readonly backend: string;
  readonly settings: { readonly backends: readonly object[]; readonly keys?: readonly object[] };
  /** What the signer's environment says more, and what it says when the operator has the wrong secret. */
  readonly env: Readonly<Record<string, string>>;
  readonly wrongEnv: Readonly<Record<string, string>>;
  /** What the signer says to the wrong secret. */
  readonly refusal: RegExp;
  /** The first key's public half. */
  readonly publicKey: string;
  /** All that only the signer may know, in every form. */
  readonly secrets: readonly Needle[];
  /** Names of those that a running signer is known to hold in memory. */
  readonly held: readonly string[];
  /** Folders and files where only the signer goes. */
  readonly places: readonly string[];
  /** The forms of a key that was made later; none where nobody can know it. */
  formsOf(keyId: string): Promise<Needle[]>;
}

/** A fresh key and a fresh secret that opens it; neither resembles anything else in memory. */
function freshSecrets(kind: string) {
  const seed = randomBytes(32);
  const secret = `${kind}-${randomBytes(24).toString("base64url")}`;
  const wrong = `wrong-${kind}-${randomBytes(24).toString("base64url")}`;
  const pair = KeyPair.fromString(`ed25519:${baseEncode(seed)}`);
  const secrets = [
    ...seedForms("the seed", seed),
    ...textForms(`the ${kind}`, secret),
    ...textForms(`a wrong ${kind}`, wrong),
  ];
  return { seed, secret, wrong, secrets, publicKey: pair.getPublicKey().toString() };
}

/** A keystore file, into which the key is imported as an operator does it. */
export async function keystoreCustody(): Promise<Custody> {
  const file = join(temporaryDirectory(), "keystore.json");
  const { seed, secret, wrong, secrets, publicKey } = freshSecrets("passphrase");
  const where = ["--keystore", file, "--passphrase", "env:PASSPHRASE", "--secret-key", "env:SECRET_KEY"];
  const names = ["--key-id", KEY_ID, "--network", NETWORK, "--account", RELAYER];
  const secretKey = `ed25519:${baseEncode(seed)}`;
  const imported = await runCli(["keys", "import", ...where, ...names], {
    PASSPHRASE: secret,
    SECRET_KEY: secretKey,
  });
  if (imported.code !== 0) throw new Error(imported.stderr);
  return {
    backend: "keystore",
    settings: { backends: [{ type: "keystore", name: "keystore", file, passphrase: "env:PASSPHRASE" }] },
    env: { PASSPHRASE: secret },
    wrongEnv: { PASSPHRASE: wrong },
    refusal: /the passphrase is wrong/,
    publicKey,
    secrets,
    held: ["the seed", "the passphrase"],
    places: [dirname(file)],
    async formsOf(keyId) {
      const unlocked = await unlockKeystore(file, new Secret(secret));
      const { d = "" } =
        unlocked.find((key) => key.entry.key_id === keyId)?.privateKey.export({ format: "jwk" }) ?? {};
      return seedForms(`the seed of ${keyId}`, Buffer.from(d, "base64url"));
    },
  };
}

/** A token of SoftHSM, into which the key is imported with the tool that operators have for it. */
export async function tokenCustody(): Promise<Custody> {
  const hsm = new SoftHsm();
  onTestFinished(() => hsm.remove());
  const { seed, secret: pin, wrong, secrets, publicKey } = freshSecrets("PIN");
  const token = "memory";
  await softHsmUtil(hsm, ["--init-token", "--free", "--label", token, "--pin", pin, "--so-pin", pin]);
  const pem = privateKeyFromSeed(seed).export({ format: "pem", type: "pkcs8" });
  const file = join(temporaryDirectory(), "key.pem");
  writeFileSync(file, pem, { mode: 0o600 });
  await softHsmUtil(hsm, ["--import", file, "--token", token, "--label", KEY_ID, "--id", "01", "--pin", pin]);
  const module = softHsmModule ?? "";
  return {
    backend: "hsm-1",
    settings: {
      backends: [{ type: "pkcs11", name: "hsm-1", module, token_label: token, pin: "env:PIN" }],
      keys: [{ id: KEY_ID, backend: "hsm-1", reference: KEY_ID, network: NETWORK, account_id: RELAYER }],
    },
    env: { ...hsm.environment, PIN: pin },
    wrongEnv: { ...hsm.environment, PIN: wrong },
    refusal: /PIN/,
    publicKey,
    secrets,
    held: ["the PIN"],
    places: [dirname(hsm.environment.SOFTHSM2_CONF), module],
    formsOf: async () => [],
  };
}

/** The paths of a custody's places: whoever opens a file has had its name in memory. */
export function placeForms({ places }: Custody): Needle[] {
  return places.flatMap((place) => textEncodings(`the path ${place}`, place));
}

async function softHsmUtil(hsm: SoftHsm, args: readonly string[]): Promise<void> {
  await promisify(execFile)("softhsm2-util", args, { env: { ...process.env, ...hsm.environment } });
}
