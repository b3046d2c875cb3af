import { SubmissionKind } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { expect, it } from "vitest";
import type { Submission } from "../ledger/ledger.ts";
import { submissionMessage } from "./submission-message.ts";

const at = new Date(0);
const accepted = {
  ...{ id: "sub_1", tenant: "wallet", caller: "tenant", state: "ACCEPTED", network: "testnet" },
  ...{ accountId: "alice.testnet", receiverId: "app.testnet", delegateHash: null, requiredRelayer: null },
  ...{ expiresAtHeight: null, createdAt: at, transaction: null, cost: null, failure: null },
  transitions: [{ seq: 1n, state: "ACCEPTED", at }],
} as const satisfies Omit<Submission, "kind">;

it("names each kind that tenants have by the contract's name", () => {
  for (const kind of ["DELEGATE", "CREATE_ACCOUNT"] as const) {
    expect(submissionMessage({ ...accepted, kind }).kind).toBe(SubmissionKind[kind]);
  }
});

it("makes no message of a change of the relay's own keys", () => {
  expect(() => submissionMessage({ ...accepted, kind: "KEY_CHANGE" })).toThrow("the relay's own");
});
