import type { DescMethod } from "@bufbuild/protobuf";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";
import { PROTECTED_KEYS } from "../../support/protected-relay.ts";
import { keyHeaders, seenWith, testKey } from "../../support/tenants.ts";
import { NETWORK, type TestRelay } from "../../support/test-relay.ts";
import type { ContractCase } from "../support/contract-case.ts";
import { readAll } from "../support/read-all.ts";
import { type Call, expectRefusal } from "../support/refusal.ts";

const { method } = RelayService;
const SUBMISSION = { submissionId: `sub_${"0".repeat(26)}` };

type MakeCall = (client: TestRelay["client"], options: Parameters<Call>[0]) => Promise<unknown>;

const submit: MakeCall = (client, options) =>
  client.submitDelegate({ network: NETWORK, signedDelegate: new Uint8Array(1) }, options);
const get: MakeCall = (client, options) => client.getSubmission(SUBMISSION, options);
const list: MakeCall = (client, options) => client.listSubmissions({}, options);
const watch: MakeCall = (client, options) => readAll(client.watchSubmission(SUBMISSION, options));

function refused(
  of: DescMethod,
  outcome: ErrorReason,
  what: string,
  headers: Readonly<Record<string, string>>,
  call: MakeCall,
): ContractCase {
  return {
    method: of,
    outcome,
    what,
    run: async (worlds) => {
      const { client } = seenWith(await worlds.protected(), headers);
      await expectRefusal((options) => call(client, options), outcome);
    },
  };
}

const { open, reader, expired, revoked, disabled, paused, hasty } = PROTECTED_KEYS;

/** What a call's headers alone decide. That this holds for every method stands in tests/protection. */
export const accessCases: readonly ContractCase[] = [
  refused(method.submitDelegate, ErrorReason.CREDENTIALS_MISSING, "no credentials", {}, submit),
  refused(method.watchSubmission, ErrorReason.CREDENTIALS_MISSING, "no credentials", {}, watch),
  refused(
    method.getSubmission,
    ErrorReason.CREDENTIALS_INVALID,
    "a key that nobody made",
    keyHeaders(testKey(99)),
    get,
  ),
  refused(
    method.getSubmission,
    ErrorReason.CREDENTIALS_INVALID,
    "two different keys",
    { ...keyHeaders(open), "x-api-key": reader.text.reveal() },
    get,
  ),
  refused(
    method.getSubmission,
    ErrorReason.CREDENTIALS_INVALID,
    "another scheme",
    { authorization: `Basic ${Buffer.from("open:secret").toString("base64")}` },
    get,
  ),
  refused(method.getSubmission, ErrorReason.CREDENTIALS_EXPIRED, "an expired key", keyHeaders(expired), get),
  refused(method.getSubmission, ErrorReason.CREDENTIALS_REVOKED, "a revoked key", keyHeaders(revoked), get),
  refused(method.submitDelegate, ErrorReason.SCOPE_MISSING, "a key for reading", keyHeaders(reader), submit),
  refused(
    method.listSubmissions,
    ErrorReason.SCOPE_MISSING,
    "a key for reading what it knows",
    keyHeaders(reader),
    list,
  ),
  refused(method.getSubmission, ErrorReason.TENANT_DISABLED, "a disabled tenant", keyHeaders(disabled), get),
  refused(
    method.getSubmission,
    ErrorReason.TENANT_MISMATCH,
    "X-Tenant of another",
    { ...keyHeaders(open), "x-tenant": "strict" },
    get,
  ),
  refused(
    method.getSubmission,
    ErrorReason.ORIGIN_NOT_ALLOWED,
    "a page that the policy does not list",
    { ...keyHeaders(open), origin: "https://evil.example" },
    get,
  ),
  refused(
    method.getSubmission,
    ErrorReason.END_USER_NOT_ALLOWED,
    "a key that may not name end users",
    { ...keyHeaders(reader), "x-end-user": "alice" },
    get,
  ),
  refused(
    method.getSubmission,
    ErrorReason.FIELD_INVALID,
    "an end user's id with a blank",
    { ...keyHeaders(open), "x-end-user": "al ice" },
    get,
  ),
  refused(method.submitDelegate, ErrorReason.PAUSED, "a paused tenant", keyHeaders(paused), submit),
  refused(
    method.getSubmission,
    ErrorReason.SUBMISSION_NOT_FOUND,
    "a paused tenant, which may look",
    keyHeaders(paused),
    get,
  ),
  {
    method: method.getSubmission,
    outcome: ErrorReason.RATE_LIMITED,
    what: "the second call of a tenant that may call once an hour",
    run: async (worlds) => {
      const { client } = seenWith(await worlds.protected(), keyHeaders(hasty));
      await client.getSubmission(SUBMISSION).catch(() => undefined);
      await expectRefusal((options) => client.getSubmission(SUBMISSION, options), ErrorReason.RATE_LIMITED);
    },
  },
];
