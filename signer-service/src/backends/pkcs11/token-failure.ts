/**
 * What went wrong, by what helps:
 * "module": pkcs11js is not built, or the library does not load;
 * "pin": the token did not take it, and counts such attempts;
 * "key": no such key, several, or one that cannot sign for NEAR; the token is well;
 * "answer": the token signed, with what is not a signature of the key;
 * "busy": too many calls wait already;
 * "lost": the session, the token or the device; connecting again may help.
 */
export type TokenFailureKind = "module" | "pin" | "key" | "answer" | "busy" | "lost";

/** A call to a token that failed. The message is for the operator and holds no secret. */
export class TokenFailure extends Error {
  override readonly name = "TokenFailure";
  readonly kind: TokenFailureKind;

  constructor(kind: TokenFailureKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** Return values after which the same PIN must not be tried again: a token locks after a few attempts. */
const ABOUT_THE_PIN = new Set([
  "CKR_PIN_INCORRECT",
  "CKR_PIN_INVALID",
  "CKR_PIN_LEN_RANGE",
  "CKR_PIN_EXPIRED",
  "CKR_PIN_LOCKED",
  "CKR_PIN_TOO_WEAK",
  "CKR_USER_PIN_NOT_INITIALIZED",
  "CKR_USER_TYPE_INVALID",
]);

/** Return values that say that the request does not suit the key or the token: a new session changes nothing. */
const ABOUT_THE_KEY = new Set([
  "CKR_ATTRIBUTE_TYPE_INVALID",
  "CKR_ATTRIBUTE_VALUE_INVALID",
  "CKR_DATA_INVALID",
  "CKR_DATA_LEN_RANGE",
  "CKR_DOMAIN_PARAMS_INVALID",
  "CKR_FUNCTION_NOT_SUPPORTED",
  "CKR_KEY_FUNCTION_NOT_PERMITTED",
  "CKR_KEY_SIZE_RANGE",
  "CKR_KEY_TYPE_INCONSISTENT",
  "CKR_MECHANISM_INVALID",
  "CKR_MECHANISM_PARAM_INVALID",
  "CKR_TEMPLATE_INCOMPLETE",
  "CKR_TEMPLATE_INCONSISTENT",
  "CKR_TOKEN_WRITE_PROTECTED",
]);

/** The return value that pkcs11js put into an error, for example "CKR_DEVICE_REMOVED"; null for other errors. */
export function returnValueOf(error: unknown): string | null {
  return /\bCKR_[A-Z0-9_]+/.exec(error instanceof Error ? error.message : "")?.[0] ?? null;
}

/** What an error of a C_… call means. Whatever is not known to be about the PIN or the key counts as lost. */
export function tokenFailureOf(error: unknown): TokenFailure {
  if (error instanceof TokenFailure) return error;
  const value = returnValueOf(error);
  if (value === null) {
    return new TokenFailure("lost", error instanceof Error ? error.message : String(error), { cause: error });
  }
  const kind = ABOUT_THE_PIN.has(value) ? "pin" : ABOUT_THE_KEY.has(value) ? "key" : "lost";
  return new TokenFailure(kind, `the token answers ${value}`, { cause: error });
}
