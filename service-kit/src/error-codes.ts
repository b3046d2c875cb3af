import { Code } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";

type ReasonName = keyof typeof ErrorReason;

/**
 * The code of every reason, as the comment of its enum value names it. Reasons without one (UNSPECIFIED, and
 * those that only stand in a submission's failure) are a fault of ours when they end a call.
 */
const CODES: Record<ReasonName, Code> = {
  UNSPECIFIED: Code.Internal,
  FIELD_INVALID: Code.InvalidArgument,
  REQUEST_TOO_LARGE: Code.ResourceExhausted,
  DEADLINE_EXCEEDED: Code.DeadlineExceeded,
  SHUTTING_DOWN: Code.Unavailable,
  INTERNAL: Code.Internal,
  OVERLOADED: Code.ResourceExhausted,
  IDEMPOTENCY_KEY_MISMATCH: Code.InvalidArgument,
  IDEMPOTENCY_KEY_REUSED: Code.AlreadyExists,
  NETWORK_MISMATCH: Code.InvalidArgument,
  ACCOUNT_NETWORK_MISMATCH: Code.InvalidArgument,
  DELEGATE_MALFORMED: Code.InvalidArgument,
  DELEGATE_ACTION_UNSUPPORTED: Code.InvalidArgument,
  DELEGATE_NESTED: Code.InvalidArgument,
  DELEGATE_ACTION_INVALID: Code.InvalidArgument,
  DELEGATE_ACTION_COUNT: Code.InvalidArgument,
  DELEGATE_SIGNATURE_INVALID: Code.InvalidArgument,
  DELEGATE_EXPIRED: Code.FailedPrecondition,
  DELEGATE_EXPIRES_TOO_LATE: Code.InvalidArgument,
  DELEGATE_NONCE_TOO_LOW: Code.FailedPrecondition,
  DELEGATE_NONCE_TOO_HIGH: Code.InvalidArgument,
  DELEGATE_REPLAYED: Code.AlreadyExists,
  DELEGATE_GAS_TOO_HIGH: Code.InvalidArgument,
  DELEGATE_DEPOSIT_TOO_HIGH: Code.PermissionDenied,
  SENDER_NOT_FOUND: Code.FailedPrecondition,
  ACCESS_KEY_NOT_FOUND: Code.FailedPrecondition,
  ACCESS_KEY_ACTION_NOT_ALLOWED: Code.FailedPrecondition,
  ACCESS_KEY_RECEIVER_NOT_ALLOWED: Code.FailedPrecondition,
  ACCESS_KEY_METHOD_NOT_ALLOWED: Code.FailedPrecondition,
  ACCESS_KEY_DEPOSIT_NOT_ALLOWED: Code.FailedPrecondition,
  ACCESS_KEY_ALLOWANCE_EXHAUSTED: Code.FailedPrecondition,
  ACCOUNT_NAME_INVALID: Code.InvalidArgument,
  ACCOUNT_SUFFIX_NOT_ALLOWED: Code.InvalidArgument,
  ACCOUNT_EXISTS: Code.AlreadyExists,
  INITIAL_BALANCE_OUT_OF_BOUNDS: Code.InvalidArgument,
  ACCOUNT_VETOED: Code.PermissionDenied,
  PUBLIC_KEY_INVALID: Code.InvalidArgument,
  ACCOUNT_CREATION_DISABLED: Code.FailedPrecondition,
  REGISTRATION_ARGS_INVALID: Code.InvalidArgument,
  SUBMISSION_NOT_FOUND: Code.NotFound,
  PAGE_TOKEN_INVALID: Code.InvalidArgument,
  CURSOR_INVALID: Code.InvalidArgument,
  TRANSACTION_NOT_FOUND: Code.NotFound,
  CHAIN_UNAVAILABLE: Code.Unavailable,
  LEDGER_UNAVAILABLE: Code.Unavailable,
  SIGNER_UNAVAILABLE: Code.Unavailable,
  QUEUE_FULL: Code.ResourceExhausted,
  EXECUTION_FAILED: Code.Internal,
  TRANSACTION_REFUSED: Code.Internal,
  SUBMISSION_EXPIRED: Code.Internal,
  SIGNER_REFUSED: Code.Internal,
  SIGNER_KEY_NOT_FOUND: Code.NotFound,
  SIGNER_TRANSACTION_MALFORMED: Code.InvalidArgument,
  SIGNER_ACCOUNT_MISMATCH: Code.PermissionDenied,
  SIGNER_PUBLIC_KEY_MISMATCH: Code.PermissionDenied,
  SIGNER_NETWORK_MISMATCH: Code.PermissionDenied,
  SIGNER_SELF_CHECK_FAILED: Code.Internal,
  SIGNER_NONCE_CONFLICT: Code.AlreadyExists,
  SIGNER_NONCE_TOO_HIGH: Code.FailedPrecondition,
  SIGNER_NONCE_TOO_LOW: Code.FailedPrecondition,
  SIGNER_JOURNAL_LOCKED: Code.Unavailable,
  SIGNER_BACKEND_UNAVAILABLE: Code.Unavailable,
  SIGNER_KEY_PAUSED: Code.Unavailable,
  SIGNER_KEY_NOT_ACTIVE: Code.FailedPrecondition,
  SIGNER_PURPOSE_NOT_ALLOWED: Code.PermissionDenied,
  SIGNER_POLICY_DENIED: Code.PermissionDenied,
  SIGNER_LIMIT_EXCEEDED: Code.PermissionDenied,
  SIGNER_DAILY_DEPOSIT_EXHAUSTED: Code.ResourceExhausted,
  SIGNER_DAILY_GAS_EXHAUSTED: Code.ResourceExhausted,
  SIGNER_GRANT_MISSING: Code.PermissionDenied,
  SIGNER_GRANT_INVALID: Code.PermissionDenied,
  SIGNER_GRANT_USED: Code.AlreadyExists,
  CREDENTIALS_MISSING: Code.Unauthenticated,
  CREDENTIALS_INVALID: Code.Unauthenticated,
  CREDENTIALS_EXPIRED: Code.Unauthenticated,
  CREDENTIALS_REVOKED: Code.Unauthenticated,
  SCOPE_MISSING: Code.PermissionDenied,
  TENANT_DISABLED: Code.PermissionDenied,
  TENANT_MISMATCH: Code.PermissionDenied,
  ORIGIN_NOT_ALLOWED: Code.PermissionDenied,
  END_USER_NOT_ALLOWED: Code.PermissionDenied,
  TOKEN_KEYS_UNAVAILABLE: Code.Unavailable,
  RATE_LIMITED: Code.ResourceExhausted,
  BUDGET_EXHAUSTED: Code.ResourceExhausted,
  PAUSED: Code.Unavailable,
  RELAYER_BALANCE_LOW: Code.Unavailable,
  POLICY_NOT_GRANTED: Code.PermissionDenied,
  POLICY_RECEIVER_NOT_ALLOWED: Code.PermissionDenied,
  POLICY_METHOD_NOT_ALLOWED: Code.PermissionDenied,
  POLICY_ACTION_NOT_ALLOWED: Code.PermissionDenied,
  POLICY_GAS_TOO_HIGH: Code.PermissionDenied,
  POLICY_DEPOSIT_TOO_HIGH: Code.PermissionDenied,
  POLICY_CONDITION_NOT_MET: Code.PermissionDenied,
  POLICY_ACCOUNT_NOT_ALLOWED: Code.PermissionDenied,
  POLICY_BALANCE_TOO_HIGH: Code.PermissionDenied,
  TENANT_NOT_FOUND: Code.NotFound,
  TENANT_EXISTS: Code.AlreadyExists,
  API_KEY_NOT_FOUND: Code.NotFound,
  API_KEY_NOT_ACTIVE: Code.FailedPrecondition,
  VERSION_CONFLICT: Code.Aborted,
  POLICY_INVALID: Code.InvalidArgument,
  TOKEN_ISSUER_INVALID: Code.InvalidArgument,
  PAUSE_NOT_FOUND: Code.NotFound,
  SIGNER_CREDENTIAL_INVALID: Code.PermissionDenied,
  SIGNER_STORE_UNAVAILABLE: Code.Unavailable,
  PEER_NOT_ALLOWED: Code.PermissionDenied,
  REQUEST_SIGNATURE_MISSING: Code.Unauthenticated,
  REQUEST_SIGNATURE_INVALID: Code.Unauthenticated,
  REQUEST_STALE: Code.Unauthenticated,
  REQUEST_REPLAYED: Code.Unauthenticated,
  RELOAD_RUNNING: Code.Aborted,
  SIGNER_CONFIG_INVALID: Code.FailedPrecondition,
  SIGNER_KEY_EXISTS: Code.AlreadyExists,
  ADMIN_GRANT_INVALID: Code.PermissionDenied,
  ADMIN_GRANT_NOT_FOUND: Code.NotFound,
  SIGNER_KEY_STATE_CONFLICT: Code.FailedPrecondition,
};

const byNumber = new Map<number, Code>(
  Object.entries(ErrorReason).map(([name, value]) => [value, CODES[name as ReasonName]]),
);

/** The Connect/gRPC code that a call ends with for this reason; INTERNAL for a number that is no reason. */
export function codeOfReason(reason: ErrorReason): Code {
  return byNumber.get(reason) ?? Code.Internal;
}

/** The reason that stands for an error which Connect itself raised, by its code; undefined where none does. */
export function reasonOfProtocolError(code: Code): ErrorReason | undefined {
  switch (code) {
    case Code.InvalidArgument:
      return ErrorReason.FIELD_INVALID;
    case Code.ResourceExhausted:
      return ErrorReason.REQUEST_TOO_LARGE;
    case Code.DeadlineExceeded:
      return ErrorReason.DEADLINE_EXCEEDED;
    case Code.Internal:
    case Code.Unknown:
      return ErrorReason.INTERNAL;
    default:
      return undefined;
  }
}
