import { getOption } from "@bufbuild/protobuf";
import { ErrorReason, reasons } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { RelayerSignerService } from "@countersign/gen/countersign/signer/v1/relayer_signer_service_pb.ts";
import { reasonName } from "@countersign/service-kit";
import { expect, test } from "vitest";
import { type RefusalClass, refusalClass } from "./refusal-class.ts";

/** What the contract says that a transaction may be refused for. */
const DECLARED = [
  ...getOption(RelayerSignerService.method.signTransactions, reasons),
  ErrorReason.RATE_LIMITED,
  ErrorReason.INTERNAL,
];

const EXPECTED: Readonly<Record<RefusalClass, readonly (keyof typeof ErrorReason)[]>> = {
  final: [
    "SIGNER_TRANSACTION_MALFORMED",
    "SIGNER_PURPOSE_NOT_ALLOWED",
    "SIGNER_POLICY_DENIED",
    "SIGNER_LIMIT_EXCEEDED",
    "SIGNER_DAILY_DEPOSIT_EXHAUSTED",
    "SIGNER_DAILY_GAS_EXHAUSTED",
    "SIGNER_CREDENTIAL_INVALID",
  ],
  "other nonce": ["SIGNER_NONCE_CONFLICT", "SIGNER_NONCE_TOO_LOW"],
  "transaction waits": ["INTERNAL", "SIGNER_SELF_CHECK_FAILED", "SIGNER_GRANT_INVALID", "SIGNER_GRANT_USED"],
  "key waits": [
    "RATE_LIMITED",
    "SIGNER_ACCOUNT_MISMATCH",
    "SIGNER_BACKEND_UNAVAILABLE",
    "SIGNER_GRANT_MISSING",
    "SIGNER_JOURNAL_LOCKED",
    "SIGNER_KEY_NOT_ACTIVE",
    "SIGNER_KEY_NOT_FOUND",
    "SIGNER_KEY_PAUSED",
    "SIGNER_NETWORK_MISMATCH",
    "SIGNER_NONCE_TOO_HIGH",
    "SIGNER_PUBLIC_KEY_MISMATCH",
    "SIGNER_STORE_UNAVAILABLE",
  ],
};

test("every reason that the contract declares for a transaction is in exactly one class", () => {
  const classified = Object.values(EXPECTED).flat();
  expect(classified.toSorted()).toEqual(DECLARED.map(reasonName).toSorted());
});

test.each(Object.entries(EXPECTED).flatMap(([name, list]) => list.map((reason) => [reason, name])))(
  "%s: %s",
  (reason, name) => {
    expect(refusalClass(ErrorReason[reason as keyof typeof ErrorReason])).toBe(name);
  },
);

test("a reason that the contract does not name ends the submission", () => {
  expect(refusalClass(ErrorReason.DELEGATE_MALFORMED)).toBe("final");
  expect(refusalClass(9_999 as ErrorReason)).toBe("final");
});
