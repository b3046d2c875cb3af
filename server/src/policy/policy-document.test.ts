import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { PolicySchema } from "@countersign/gen/countersign/admin/v1/policy_pb.ts";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { describe, expect, it } from "vitest";
import { EMPTY_POLICY } from "./policy.ts";
import { policyFromMessage, policyFromText, policyText } from "./policy-document.ts";

type Fields = MessageInitShape<typeof PolicySchema>;

const FULL: Fields = {
  allowedOrigins: ["https://wallet.example", "http://localhost:5173"],
  delegates: {
    allow: [{ receiver: "*.app.near", methods: ["vote", "*_vote"] }, { receiver: "@sender" }],
    deny: [{ receiver: "bad.app.near" }],
    actionKinds: ["FunctionCall", "AddKey"],
    maxGas: 30n,
    maxDeposit: "340282366920938463463374607431768211455",
    condition: "size(actions) == 1",
  },
  accounts: { suffixes: [".app.near"], maxInitialBalance: "5" },
};

describe("a policy", () => {
  it("is read whole from its message, and again from the ledger's text", () => {
    const message = create(PolicySchema, FULL);
    for (const policy of [policyFromMessage(message), policyFromText(policyText(message))]) {
      expect(policy).toEqual({
        ...FULL,
        delegates: {
          ...FULL.delegates,
          allow: [
            { receiver: "*.app.near", methods: ["vote", "*_vote"] },
            { receiver: "@sender", methods: [] },
          ],
          deny: [{ receiver: "bad.app.near", methods: [] }],
          maxDeposit: 2n ** 128n - 1n,
          condition: { source: "size(actions) == 1", holds: expect.any(Function) },
        },
        accounts: { suffixes: [".app.near"], maxInitialBalance: 5n },
      });
    }
  });

  it("of an empty message grants nothing", () => {
    expect(policyFromMessage(create(PolicySchema))).toEqual(EMPTY_POLICY);
    expect(policyFromText(policyText(create(PolicySchema)))).toEqual(EMPTY_POLICY);
  });

  it("with empty sections bounds gas by the relay alone, and deposits to nothing", () => {
    expect(policyFromMessage(create(PolicySchema, { delegates: {}, accounts: {} }))).toEqual({
      allowedOrigins: [],
      delegates: {
        allow: [],
        deny: [],
        actionKinds: [],
        maxGas: undefined,
        maxDeposit: 0n,
        condition: undefined,
      },
      accounts: { suffixes: [], maxInitialBalance: 0n },
    });
  });

  it("has one text, whatever the order in which its fields were set", () => {
    const { accounts, delegates, allowedOrigins } = FULL;
    const other = create(PolicySchema, { accounts, delegates, allowedOrigins } as Fields);
    expect(policyText(other)).toBe(policyText(create(PolicySchema, FULL)));
  });

  const target = (receiver: string, ...methods: string[]): Fields => ({
    delegates: { allow: [{ receiver: "app.near" }, { receiver, methods }] },
  });
  const origin = (text: string): Fields => ({ allowedOrigins: ["https://a.example", text] });
  it.each<[string, Fields, string]>([
    ["an origin with a path", origin("https://wallet.example/"), "allowed_origins[1]"],
    ["an origin in capitals", origin("https://Wallet.example"), "allowed_origins[1]"],
    ["an origin with its default port", origin("https://wallet.example:443"), "allowed_origins[1]"],
    ["every origin", origin("*"), "allowed_origins[1]"],
    ["the null origin", origin("null"), "allowed_origins[1]"],
    ["an http origin elsewhere", origin("http://wallet.example"), "allowed_origins[1]"],
    ["an http origin that looks like loopback", origin("http://127.evil.example"), "allowed_origins[1]"],
    ["an http origin below a name like localhost", origin("http://evil-localhost"), "allowed_origins[1]"],
    ["an origin of another scheme", origin("ftp://wallet.example"), "allowed_origins[1]"],
    ["a receiver that is no account", target("App.near"), "delegates.allow[1].receiver"],
    ["a receiver ending that starts within a label", target("*app.near"), "delegates.allow[1].receiver"],
    [
      "a method pattern with an asterisk inside",
      target("app.near", "vote", "a*"),
      "delegates.allow[1].methods[1]",
    ],
    ["a denied receiver", { delegates: { deny: [{ receiver: "@all" }] } }, "delegates.deny[0].receiver"],
    [
      "an unknown action kind",
      { delegates: { actionKinds: ["Transfer", "transfer"] } },
      "delegates.action_kinds[1]",
    ],
    ["nested delegates", { delegates: { actionKinds: ["Delegate"] } }, "delegates.action_kinds[0]"],
    [
      "an object's own name as a kind",
      { delegates: { actionKinds: ["toString"] } },
      "delegates.action_kinds[0]",
    ],
    ["a suffix without its dot", { accounts: { suffixes: ["app.near"] } }, "accounts.suffixes[0]"],
    ["a suffix of two dots", { accounts: { suffixes: ["..near"] } }, "accounts.suffixes[0]"],
    [
      "a condition that does not parse",
      { delegates: { condition: "size(actions) ==" } },
      "delegates.condition",
    ],
  ])("is refused for %s, by the field's name", (_name, fields, field) => {
    const read = () => policyFromMessage(create(PolicySchema, fields));
    expect(read).toThrow(
      expect.objectContaining({ name: "DomainError", reason: ErrorReason.POLICY_INVALID }),
    );
    expect(read).toThrow(new RegExp(`^${field.replace(/[[\].]/g, "\\$&")} `));
  });

  it.each(["http://localhost:5173", "http://127.0.0.1:80", "http://[::1]:5173", "http://wallet.localhost:1"])(
    "takes http from this machine: %s",
    (text) => {
      const origins = [new URL(text).origin];
      expect(policyFromMessage(create(PolicySchema, { allowedOrigins: origins })).allowedOrigins).toEqual(
        origins,
      );
    },
  );
});
