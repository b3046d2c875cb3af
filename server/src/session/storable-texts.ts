import type { Interceptor } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { SessionService } from "@countersign/gen/countersign/session/v1/session_service_pb.ts";
import { DomainError } from "@countersign/service-kit";

/**
 * PostgreSQL stores no NUL in a text: a stranger who writes one into a call of SessionService would seem a fault of ours.
 * Throws FIELD_INVALID, before anything is used up.
 */
export const storableTexts: Interceptor = (next) => async (request) => {
  if (request.service.typeName !== SessionService.typeName || request.stream) return next(request);
  const message: Readonly<Record<string, unknown>> = { ...request.message };
  const wrong = request.method.input.fields.find(({ localName }) => {
    const value = message[localName];
    return typeof value === "string" && value.includes("\0");
  });
  if (wrong === undefined) return next(request);
  throw new DomainError(ErrorReason.FIELD_INVALID, `${wrong.name} must not hold the character NUL`);
};
