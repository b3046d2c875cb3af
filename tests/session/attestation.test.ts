import { verifyRegistrationResponse } from "@simplewebauthn/server";
import { expect, test, vi } from "vitest";
import { SoftwarePasskey } from "../support/software-passkey.ts";
import {
  begunRegistration,
  finishedRegistration,
  ORIGIN,
  passkeyWorld,
  RP_ID,
  registrationJson,
} from "./passkey-world.ts";
import { reasonOf } from "./reason-of.ts";

// The library as it is, and whether it was asked: it parses certificates, and may fetch what they name.
vi.mock("@simplewebauthn/server", { spy: true });

/** CBOR of {"fmt": "none", "attStmt": {}, with "authData" to follow. */
const PLAIN = "a363666d74646e6f6e656761747453746d74a0";

test.each([
  ['"packed" with a certificate', "a363666d74667061636b65646761747453746d74a163783563814100", false],
  ['"tpm"', "a363666d746374706d6761747453746d74a0", false],
  ['"fido-u2f"', "a363666d74686669646f2d7532666761747453746d74a0", false],
  ["an array of arrays, on and on", "81".repeat(20_000), false],
  [
    '"packed" with a wrong signature of its own',
    "a363666d74667061636b65646761747453746d74a263616c6726637369674100",
    true,
  ],
  ['"none" with a statement', "a363666d74646e6f6e656761747453746d74a1617800", true],
])("an attestation %s is refused; verified: %3$s", async (_format, head, isVerified) => {
  const world = await passkeyWorld();
  const { id, options } = await begunRegistration(world);
  const json = registrationJson(new SoftwarePasskey({ rpId: RP_ID, origin: ORIGIN }), options.challenge);
  const plain = Buffer.from(json.response.attestationObject, "base64url").toString("hex");
  expect(plain.startsWith(PLAIN)).toBe(true);
  const attestationObject = Buffer.from(head + plain.slice(PLAIN.length), "hex").toString("base64url");
  vi.mocked(verifyRegistrationResponse).mockClear();
  const refused = finishedRegistration(world, id, {
    ...json,
    response: { ...json.response, attestationObject },
  });
  expect(await reasonOf(refused)).toBe("WEBAUTHN_RESPONSE_INVALID");
  expect(vi.mocked(verifyRegistrationResponse).mock.calls).toHaveLength(isVerified ? 1 : 0);
});
