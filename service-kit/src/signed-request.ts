import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "./domain-error.ts";
import type { Secret } from "./secret.ts";

/** A key that two services share to sign requests with. */
export interface RequestKey {
  /** Says which of several keys it is. */
  readonly id: string;
  /** The name of the service that signs with it. */
  readonly service: string;
  /** At least 32 bytes (RFC 2104, section 3); its text is the key of the HMAC. */
  readonly secret: Secret<string>;
}

/** What the headers of a signed request say. None of it is proved before `isSignedWith`. */
export interface SignedRequest {
  readonly service: string;
  readonly keyId: string;
  /** Milliseconds since the epoch, as the sender's clock had them. */
  readonly timestampMs: number;
  /** 16 random bytes in base64url. */
  readonly nonce: string;
  /** SHA-256 of the request's body as it travels, compressed and enveloped: 32 bytes. */
  readonly contentSha256: Buffer;
  /** HMAC-SHA256: 32 bytes. */
  readonly signature: Buffer;
}

export interface ToSign {
  /** The request's URL as it is sent; its path and query are signed. */
  readonly url: string;
  /** Whom the request is for: a recorded one is good for nobody else. */
  readonly audience: string;
  readonly body: Uint8Array;
  readonly timestampMs: number;
  /** 16 random bytes. */
  readonly nonce: Uint8Array;
}

const HEADERS = {
  service: "x-countersign-service",
  keyId: "x-countersign-key-id",
  timestamp: "x-countersign-timestamp",
  nonce: "x-countersign-nonce",
  contentSha256: "x-countersign-content-sha256",
  signature: "x-countersign-signature",
} as const;

/** None of these holds a newline, which ends a line of the signed text. */
const FORMS: Record<keyof typeof HEADERS, RegExp> = {
  service: /^[A-Za-z0-9._-]{1,64}$/,
  keyId: /^[A-Za-z0-9._-]{1,64}$/,
  timestamp: /^[1-9][0-9]{0,14}$/,
  nonce: /^[A-Za-z0-9_-]{22}$/,
  contentSha256: /^[A-Za-z0-9_-]{43}$/,
  signature: /^[A-Za-z0-9_-]{43}$/,
};

/** The domain of the signatures: nothing else that is signed with the same key can be taken for a request. */
const DOMAIN = "countersign request v1";

/** The headers that make a request a signed one. */
export function signatureHeaders(key: RequestKey, request: ToSign): Record<string, string> {
  const contentSha256 = createHash("sha256").update(request.body).digest();
  const signed = {
    service: key.service,
    keyId: key.id,
    timestampMs: request.timestampMs,
    nonce: Buffer.from(request.nonce).toString("base64url"),
    contentSha256,
  };
  const signature = hmac(key.secret, signedText(signed, request.audience, request.url));
  return {
    [HEADERS.service]: signed.service,
    [HEADERS.keyId]: signed.keyId,
    [HEADERS.timestamp]: String(signed.timestampMs),
    [HEADERS.nonce]: signed.nonce,
    [HEADERS.contentSha256]: contentSha256.toString("base64url"),
    [HEADERS.signature]: signature.toString("base64url"),
  };
}

/**
 * Reads the headers of a signed request.
 *
 * @throws REQUEST_SIGNATURE_MISSING without a signature, REQUEST_SIGNATURE_INVALID for one that cannot be read
 */
export function readSignedRequest(headers: Headers): SignedRequest {
  if (!headers.has(HEADERS.signature)) {
    throw new DomainError(ErrorReason.REQUEST_SIGNATURE_MISSING, "requests must be signed");
  }
  const read = (field: keyof typeof HEADERS): string => {
    const text = headers.get(HEADERS[field]) ?? "";
    if (FORMS[field].test(text)) return text;
    const message = `header ${HEADERS[field]} is missing or malformed`;
    throw new DomainError(ErrorReason.REQUEST_SIGNATURE_INVALID, message);
  };
  return {
    service: read("service"),
    keyId: read("keyId"),
    timestampMs: Number(read("timestamp")),
    nonce: read("nonce"),
    contentSha256: Buffer.from(read("contentSha256"), "base64url"),
    signature: Buffer.from(read("signature"), "base64url"),
  };
}

/**
 * Whether the holder of `key` signed this request, for this audience and URL. The body has to be compared with
 * `contentSha256` apart from that, the time with the clock, and the nonce with those that were used. Takes the same
 * time whatever the signature is.
 */
export function isSignedWith(
  key: RequestKey,
  request: SignedRequest,
  audience: string,
  url: string,
): boolean {
  const expected = hmac(key.secret, signedText(request, audience, url));
  return timingSafeEqual(expected, request.signature) && request.service === key.service;
}

function signedText(request: Omit<SignedRequest, "signature">, audience: string, url: string): string {
  const { pathname, search } = new URL(url);
  const { service, timestampMs, nonce, contentSha256, keyId } = request;
  return [
    DOMAIN,
    service,
    audience,
    `${pathname}${search}`,
    timestampMs,
    nonce,
    contentSha256.toString("base64url"),
    keyId,
  ].join("\n");
}

const hmac = (secret: Secret<string>, text: string) =>
  createHmac("sha256", secret.reveal()).update(text).digest();
