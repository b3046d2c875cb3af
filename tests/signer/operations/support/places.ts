import { writeFileSync } from "node:fs";
import { onTestFinished } from "vitest";
import { SoftHsm, softHsmModule, USER_PIN } from "../../../support/softhsm.ts";
import { NETWORK, RELAYER } from "../../../support/test-relay.ts";
import { addKey, PASSPHRASE } from "../../support/keystores.ts";
import { SignerOperator } from "./signer-operator.ts";

/** A keystore file of these keys of RELAYER's, whose ids are given. */
export async function keystorePlace(...keyIds: string[]): Promise<SignerOperator> {
  const operator = new SignerOperator();
  const file = operator.file("keystore.json");
  for (const keyId of keyIds) await addKey(file, { keyId, network: NETWORK, accountId: RELAYER });
  const secret = secretFile(operator, PASSPHRASE.reveal());
  operator.configure({ backends: [{ type: "keystore", name: "keys", file, passphrase: secret }] });
  return operator;
}

/** An empty token of SoftHSM. */
export async function tokenPlace(): Promise<SignerOperator> {
  const hsm = new SoftHsm();
  onTestFinished(() => hsm.remove());
  await hsm.makeToken("relayers");
  const operator = new SignerOperator(hsm.environment);
  const token = {
    type: "pkcs11",
    name: "keys",
    module: softHsmModule,
    token_label: "relayers",
    pin: secretFile(operator, USER_PIN),
  };
  operator.configure({ backends: [token] });
  return operator;
}

/** Commands that read the configuration need no environment for it. */
function secretFile(operator: SignerOperator, secret: string): string {
  const path = operator.file("secret");
  writeFileSync(path, secret, { mode: 0o600 });
  return `file:${path}`;
}

/** Both kinds of places; a token where SoftHSM is installed. */
export const PLACES = [
  { place: "a keystore", available: true, open: () => keystorePlace("keeper") },
  { place: "a PKCS#11 token", available: softHsmModule !== undefined, open: tokenPlace },
].filter(({ available }) => available);
