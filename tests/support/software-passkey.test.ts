import { randomBytes } from "node:crypto";
import { verifyAuthenticationResponse, verifyRegistrationResponse } from "@simplewebauthn/server";
import { expect, test } from "vitest";
import { SoftwarePasskey } from "./software-passkey.ts";

const RP_ID = "wallet.example";
const ORIGIN = "https://wallet.example";
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64url");

test("what a software passkey makes passes for what a browser gives", async () => {
  const passkey = new SoftwarePasskey({ rpId: RP_ID, origin: ORIGIN, counts: true });
  const id = base64(passkey.credentialId);
  const common = { id, rawId: id, type: "public-key", clientExtensionResults: {} } as const;
  const challenge = randomBytes(32);
  const expected = {
    expectedChallenge: base64(challenge),
    expectedOrigin: ORIGIN,
    expectedRPID: RP_ID,
    requireUserVerification: true,
  };

  const made = passkey.register(challenge);
  const registered = await verifyRegistrationResponse({
    ...expected,
    response: {
      ...common,
      response: {
        clientDataJSON: base64(made.clientDataJson),
        attestationObject: base64(made.attestationObject),
      },
    },
  });
  expect(registered.verified).toBe(true);
  const credential = registered.registrationInfo?.credential;
  if (credential === undefined) expect.fail("no credential");
  expect(credential).toMatchObject({ id, counter: 1 });
  expect(Buffer.from(credential.publicKey)).toEqual(Buffer.from(passkey.publicKey));

  const { clientDataJson, authenticatorData, signature } = passkey.assert(challenge);
  const asserted = await verifyAuthenticationResponse({
    ...expected,
    credential,
    response: {
      ...common,
      response: {
        clientDataJSON: base64(clientDataJson),
        authenticatorData: base64(authenticatorData),
        signature: base64(signature),
      },
    },
  });
  expect(asserted).toMatchObject({
    verified: true,
    authenticationInfo: { newCounter: 2, userVerified: true },
  });
});
