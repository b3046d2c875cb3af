import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { isPublicKey, isValidAccountId } from "@countersign/near";
import { DomainError } from "@countersign/service-kit";

/** Fits what the relay lets its callers add, escaped. */
const MAX_BYTES = 32_768;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The account that a registrar's call creates: `new_account_id` of its arguments, beside which `new_public_key` stands.
 * The JSON must be in the one form that JSON.stringify gives: then the contract reads what the signer read, whatever it
 * makes of, say, a field that occurs twice. Throws SIGNER_TRANSACTION_MALFORMED, and SIGNER_POLICY_DENIED for further
 * arguments where they are not allowed.
 */
export function newAccountOf(args: Uint8Array, extraArguments: boolean): string {
  const parsed = parseObject(args);
  const { new_account_id: accountId, new_public_key: publicKey, ...others } = parsed;
  if (typeof accountId !== "string" || !isValidAccountId(accountId)) {
    throw malformed("the registrar's arguments hold no account name in new_account_id");
  }
  if (typeof publicKey !== "string" || !isPublicKey(publicKey)) {
    throw malformed("the registrar's arguments hold no public key in new_public_key");
  }
  if (!extraArguments && Object.keys(others).length > 0) {
    throw new DomainError(
      ErrorReason.SIGNER_POLICY_DENIED,
      "account_creation.registrar allows no arguments but new_account_id and new_public_key",
    );
  }
  return accountId;
}

function parseObject(args: Uint8Array): Record<string, unknown> {
  if (args.length > MAX_BYTES)
    throw malformed(`the registrar's arguments are larger than ${MAX_BYTES} bytes`);
  let parsed: unknown;
  let written: string | undefined;
  const text = textOf(args);
  try {
    parsed = JSON.parse(text);
    written = JSON.stringify(parsed);
  } catch {
    throw malformed("the registrar's arguments are not JSON");
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed) || written !== text) {
    throw malformed("the registrar's arguments are not one JSON object as JSON.stringify writes it");
  }
  return parsed as Record<string, unknown>;
}

function textOf(args: Uint8Array): string {
  try {
    return utf8.decode(args);
  } catch {
    throw malformed("the registrar's arguments are not UTF-8");
  }
}

function malformed(message: string): DomainError {
  return new DomainError(ErrorReason.SIGNER_TRANSACTION_MALFORMED, message);
}
