import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";

export function idempotencyKeyReused(): DomainError {
  const message = "another call was made with this idempotency_key";
  return new DomainError(ErrorReason.IDEMPOTENCY_KEY_REUSED, message);
}

export function apiKeyNotFound(tenant: string, id: string): DomainError {
  return new DomainError(ErrorReason.API_KEY_NOT_FOUND, `tenant ${tenant} has no key ${id}`);
}

export function apiKeyNotRotated(id: string): DomainError {
  return new DomainError(
    ErrorReason.API_KEY_NOT_ACTIVE,
    `key ${id} is revoked, has expired or was rotated already: rotate its successor, or revoke it`,
  );
}
