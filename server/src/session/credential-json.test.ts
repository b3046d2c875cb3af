import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import { describe, expect, it } from "vitest";
import { parseAuthentication, parseRegistration } from "./credential-json.ts";

const SECRET = "c2VjcmV0LXByZi1vdXRwdXQtb2YtMzItYnl0ZXMtISE";

const credential = { id: "AAEC", rawId: "AAEC", type: "public-key", clientExtensionResults: {} };
const made = { ...credential, response: { clientDataJSON: "e30", attestationObject: "oA" } };
const used = { ...credential, response: { clientDataJSON: "e30", authenticatorData: "AA", signature: "AA" } };

function refusalOf(parse: (text: string) => unknown, text: string): DomainError {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
  throw new Error("it was taken");
}

const forms = [
  ["registration", parseRegistration, made],
  ["authentication", parseAuthentication, used],
] as const;

describe.each(forms)("a response to a %s", (_name, parse, good) => {
  it.each([
    ["as it should be", good],
    ["of a passkey with PRF", { ...good, clientExtensionResults: { prf: { enabled: true } } }],
    ["of a browser that gave an empty PRF output", { ...good, clientExtensionResults: { prf: {} } }],
    ["with what says nothing secret", { ...good, clientExtensionResults: { credProps: { rk: true } } }],
    [
      "that names its authenticator's place, or that there is none",
      { ...good, authenticatorAttachment: null },
    ],
  ])("is taken %s", (_what, json) => {
    expect(parse(JSON.stringify(json))).toEqual(json);
  });

  it.each([
    ["PRF results", { prf: { enabled: true, results: { first: SECRET } } }],
    ["empty PRF results", { prf: { results: {} } }],
    ["PRF results under another name", { prf: { evalResults: SECRET } }],
    ["PRF results as a list", { prf: [SECRET] }],
    ["CTAP's hmac-secret", { hmacGetSecret: { output1: SECRET } }],
    ["hmac-secret by CTAP's name", { "hmac-secret": SECRET }],
    ["a large blob", { largeBlob: { blob: SECRET } }],
    ["a credential blob", { getCredBlob: SECRET }],
  ])("is refused with %s, which it does not repeat", (_what, clientExtensionResults) => {
    for (const json of [
      { ...good, clientExtensionResults },
      { ...good, response: { ...good.response, clientExtensionResults } },
      { clientExtensionResults },
    ]) {
      const error = refusalOf(parse, JSON.stringify(json));
      expect(error.reason).toBe(ErrorReason.WEBAUTHN_SECRET_PRESENT);
      expect(error.cause).toBeUndefined();
      expect(`${error.message} ${error.subject}`).not.toContain(SECRET);
    }
  });

  it.each([
    ["no JSON", `{"id":"${SECRET}`],
    ["null", "null"],
    ["a list", "[]"],
    ["a deep list", "[".repeat(60_000)],
    ["an unknown field", JSON.stringify({ ...good, seed: SECRET })],
    [
      "an unknown field of the response",
      JSON.stringify({ ...good, response: { ...good.response, seed: "" } }),
    ],
    ["an unknown extension", JSON.stringify({ ...good, clientExtensionResults: { mine: SECRET } })],
    ["a field __proto__", JSON.stringify(good).replace("{", `{"__proto__":{"seed":"${SECRET}"},`)],
    ["an id with padding", JSON.stringify({ ...good, id: "AAE=" })],
    ["an empty id", JSON.stringify({ ...good, id: "" })],
    ["a long id", JSON.stringify({ ...good, id: "A".repeat(1_365) })],
    ["no id", JSON.stringify({ ...good, id: undefined })],
    ["another type", JSON.stringify({ ...good, type: "password" })],
    ["no extension results", JSON.stringify({ ...good, clientExtensionResults: undefined })],
    [
      "client data that is no text",
      JSON.stringify({ ...good, response: { ...good.response, clientDataJSON: {} } }),
    ],
  ])("is refused when it is %s, or has it", (_what, text) => {
    const error = refusalOf(parse, text);
    expect(error.reason).toBe(ErrorReason.WEBAUTHN_RESPONSE_INVALID);
    expect(error.cause).toBeUndefined();
    expect(error.message).not.toContain(SECRET);
  });
});

it("each form is refused in place of the other", () => {
  expect(refusalOf(parseRegistration, JSON.stringify(used)).reason).toBe(
    ErrorReason.WEBAUTHN_RESPONSE_INVALID,
  );
  expect(refusalOf(parseAuthentication, JSON.stringify(made)).reason).toBe(
    ErrorReason.WEBAUTHN_RESPONSE_INVALID,
  );
});
