import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { expect, test } from "vitest";
import { Secret } from "./secret.ts";
import { isSignedWith, readSignedRequest, signatureHeaders } from "./signed-request.ts";

const URL_SENT = "https://10.0.0.1:7443/countersign.signer.v1.RelayerSignerService/GetPublicKey?x=%20y";
const KEY = { id: "k1", service: "relay", secret: new Secret("0123456789abcdef0123456789abcdef") };
const AUDIENCE = "signer.internal";
const REQUEST = {
  url: URL_SENT,
  audience: AUDIENCE,
  body: Buffer.from('{"keyId":"a"}'),
  timestampMs: 1_700_000_000_000,
  nonce: Uint8Array.from({ length: 16 }, (_, i) => i),
};
/** Calculated with Python's hmac and hashlib. */
const HEADERS = {
  "x-countersign-service": "relay",
  "x-countersign-key-id": "k1",
  "x-countersign-timestamp": "1700000000000",
  "x-countersign-nonce": "AAECAwQFBgcICQoLDA0ODw",
  "x-countersign-content-sha256": "QmZxexRepJ2OMzRxqdhPEeGjJxjXu8ac2gy044114zs",
  "x-countersign-signature": "MMNdh3ReLJyMGNFjX17ihNvHjlKCW-7REJBv0PtnWDs",
};

test("a request has the headers that another implementation gives it", () => {
  expect(signatureHeaders(KEY, REQUEST)).toEqual(HEADERS);
});

test("its headers read as what was signed, and are proved by its key", () => {
  const read = readSignedRequest(new Headers(HEADERS));
  expect(read).toMatchObject({ service: "relay", keyId: "k1", timestampMs: 1_700_000_000_000 });
  expect(isSignedWith(KEY, read, AUDIENCE, URL_SENT)).toBe(true);
  // Where the request was sent to is the proxy's business.
  expect(isSignedWith(KEY, read, AUDIENCE, URL_SENT.replace("https://10.0.0.1:7443", "http://signer"))).toBe(
    true,
  );
});

test.each<[string, Parameters<typeof isSignedWith>]>(
  (() => {
    const read = readSignedRequest(new Headers(HEADERS));
    const flipped = (bytes: Buffer) => Buffer.from(bytes.map((byte, i) => (i === 0 ? byte ^ 1 : byte)));
    return [
      [
        "secret",
        [{ ...KEY, secret: new Secret("0123456789abcdef0123456789abcdeg") }, read, AUDIENCE, URL_SENT],
      ],
      ["key's service", [{ ...KEY, service: "web" }, read, AUDIENCE, URL_SENT]],
      ["service", [KEY, { ...read, service: "web" }, AUDIENCE, URL_SENT]],
      [
        "service and key's service",
        [{ ...KEY, service: "web" }, { ...read, service: "web" }, AUDIENCE, URL_SENT],
      ],
      ["key id", [KEY, { ...read, keyId: "k2" }, AUDIENCE, URL_SENT]],
      ["timestamp", [KEY, { ...read, timestampMs: 1_700_000_000_001 }, AUDIENCE, URL_SENT]],
      ["nonce", [KEY, { ...read, nonce: "AAECAwQFBgcICQoLDA0ODg" }, AUDIENCE, URL_SENT]],
      ["body", [KEY, { ...read, contentSha256: flipped(read.contentSha256) }, AUDIENCE, URL_SENT]],
      ["signature", [KEY, { ...read, signature: flipped(read.signature) }, AUDIENCE, URL_SENT]],
      ["audience", [KEY, read, "signer", URL_SENT]],
      ["path", [KEY, read, AUDIENCE, URL_SENT.replace("GetPublicKey", "ListKeys")]],
      ["query", [KEY, read, AUDIENCE, URL_SENT.replace("x=", "z=")]],
      ["presence of a query", [KEY, read, AUDIENCE, URL_SENT.split("?")[0] ?? ""]],
    ];
  })(),
)("it is not proved with another %s", (_, call) => {
  expect(isSignedWith(...call)).toBe(false);
});

test("headers without a signature are missing one, and incomplete ones are invalid", () => {
  const { "x-countersign-signature": signature, ...others } = HEADERS;
  const missing = expect.objectContaining({ reason: ErrorReason.REQUEST_SIGNATURE_MISSING });
  expect(() => readSignedRequest(new Headers(others))).toThrow(missing);
  const invalid = expect.objectContaining({ reason: ErrorReason.REQUEST_SIGNATURE_INVALID });
  expect(() => readSignedRequest(new Headers({ "x-countersign-signature": signature }))).toThrow(invalid);
});
