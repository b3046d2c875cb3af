import { timingSafeEqual } from "node:crypto";
import type { HandlerContext } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import {
  type BodyCheck,
  DomainError,
  isSignedWith,
  type RequestKey,
  readSignedRequest,
} from "@countersign/service-kit";
import type { RequestNonces } from "./request-nonces.ts";

export interface RequestSignaturesOptions {
  readonly keys: readonly RequestKey[];
  /** This service's own name. */
  readonly audience: string;
  readonly maxSkewMs: number;
  readonly nonces: RequestNonces;
  readonly now: () => Date;
}

/** A request whose headers are proved. */
export interface VerifiedRequest {
  /** The service that signed it. */
  readonly service: string;
  /** Throws REQUEST_SIGNATURE_INVALID when the body is not the one that was signed. */
  readonly checkBody: BodyCheck;
}

const invalid = (message: string) => new DomainError(ErrorReason.REQUEST_SIGNATURE_INVALID, message);

/**
 * Verifies who signed a request, for whom and when, and that it was not here before; whether its body is the signed
 * one shows when that has come in (Connect's GET has its message in the URL, which is signed). Its nonce is used up for
 * good when this resolves.
 *
 * @throws REQUEST_SIGNATURE_MISSING, REQUEST_SIGNATURE_INVALID, REQUEST_STALE, REQUEST_REPLAYED, SIGNER_STORE_UNAVAILABLE
 */
export async function verifyRequest(
  { requestHeader, url }: Pick<HandlerContext, "requestHeader" | "url">,
  { keys, audience, maxSkewMs, nonces, now }: RequestSignaturesOptions,
): Promise<VerifiedRequest> {
  const request = readSignedRequest(requestHeader);
  const key = keys.find((k) => k.id === request.keyId);
  if (key === undefined || !isSignedWith(key, request, audience, url)) {
    throw invalid("the request's signature is not valid here");
  }
  if (Math.abs(now().getTime() - request.timestampMs) > maxSkewMs) {
    throw new DomainError(ErrorReason.REQUEST_STALE, "the request was signed at another time");
  }
  // Only now, so that nobody without a key fills the store. Kept for as long as any clock of ours takes the request.
  const expiresAt = new Date(request.timestampMs + 2 * maxSkewMs);
  if (!(await nonces.claim(request.keyId, request.nonce, expiresAt))) {
    throw new DomainError(ErrorReason.REQUEST_REPLAYED, "the request was received before");
  }
  return {
    service: key.service,
    checkBody(sha256) {
      if (timingSafeEqual(sha256, request.contentSha256)) return;
      throw invalid("the body is not the one that was signed");
    },
  };
}
