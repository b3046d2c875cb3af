import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { registrationJson, signInJson } from "../../clients/web/src/wallet/credential-json.ts";
import { Needles } from "../signer/memory/support/needles.ts";
import { seedForms } from "../signer/memory/support/secret-forms.ts";
import { outcomeOf } from "../signer/threshold/support/reason.ts";
import { RP_ID, TENANT } from "../signer/threshold/support/threshold-signer.ts";
import { startAttackWorld } from "./support/attack-world.ts";
import { relayServices } from "./support/relayed-signer.ts";
import { walletWithKey } from "./support/signed-in-wallet.ts";

const base64url = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64url");

/** Where a careless wallet leaves the PRF's results: as browsers write them, and otherwise. */
const LEAKS: readonly [string, (prf: Uint8Array) => object][] = [
  [
    "as toJSON() writes them",
    (prf) => ({ clientExtensionResults: { prf: { results: { first: base64url(prf) } } } }),
  ],
  [
    "with the extension's other output",
    (prf) => ({
      clientExtensionResults: {
        prf: { enabled: true, results: { first: base64url(prf), second: base64url(prf) } },
      },
    }),
  ],
  ["as a list of numbers", (prf) => ({ clientExtensionResults: { prf: { results: { first: [...prf] } } } })],
  ["as hmac-secret's", (prf) => ({ clientExtensionResults: { hmacGetSecret: { output1: base64url(prf) } } })],
  [
    "within the response",
    (prf) => ({ response: { clientExtensionResults: { prf: { results: { first: base64url(prf) } } } } }),
  ],
];

test.each(LEAKS)(
  "results of the PRF in a body, %s, are refused, and nothing of them is written",
  async (_, leak) => {
    const { relays, signers } = await startAttackWorld();
    const address = relays[0]?.address ?? "";
    const { wallet } = await walletWithKey(address);
    const { passkey } = wallet;
    const prf = new Uint8Array(randomBytes(32));
    const { session } = relayServices(address);
    const challengeOf = (json: string) =>
      new Uint8Array(Buffer.from(JSON.parse(json).challenge, "base64url"));
    const leaking = (json: string) => {
      const credential = JSON.parse(json);
      const { response, ...others } = leak(prf) as { response?: object };
      return JSON.stringify({ ...credential, ...others, response: { ...credential.response, ...response } });
    };

    const registration = await session.beginPasskeyRegistration({
      tenant: TENANT,
      rpId: RP_ID,
      userName: "Alice",
    });
    const made = { ...passkey.register(challengeOf(registration.optionsJson)), transports: ["internal"] };
    const registered = session.finishPasskeyRegistration({
      registrationId: registration.registrationId,
      credentialJson: leaking(registrationJson(made)),
    });
    expect(await outcomeOf(registered)).toBe("WEBAUTHN_SECRET_PRESENT");

    const signIn = await session.beginPasskeySignIn({ tenant: TENANT, rpId: RP_ID });
    const assertion = { ...passkey.assert(challengeOf(signIn.optionsJson)), userHandle: undefined };
    const signedIn = session.finishPasskeySignIn({
      signInId: signIn.signInId,
      credentialJson: leaking(signInJson(assertion)),
    });
    expect(await outcomeOf(signedIn)).toBe("WEBAUTHN_SECRET_PRESENT");

    const logs = Buffer.from(`${relays[0]?.logged()}${signers[0]?.signer.logged()}`);
    expect(logs.toString()).toContain("WEBAUTHN_SECRET_PRESENT");
    expect([...new Needles(seedForms("the PRF's result", prf)).foundIn(logs)]).toEqual([]);
  },
);
