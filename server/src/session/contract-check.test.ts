import { DomainError, reasonName } from "@countersign/service-kit";
import { expect, it } from "vitest";
import { type Answer, destroy, node, result, rpcError, rpcOver } from "../near/scripted-node.ts";
import { NearViews } from "../near/views.ts";
import { contractCheck } from "./contract-check.ts";

const question = {
  account_id: "alice.testnet",
  rp_id: "wallet.example",
  credential_id: "AAEC",
  client_data_json: "e30",
  authenticator_data: "AA",
  signature: "AA",
};

const says = (text: string) => result({ result: [...Buffer.from(text)], logs: [] });

async function outcome(answer: Answer): Promise<string> {
  const views = new NearViews(await rpcOver(await node(answer)));
  const check = contractCheck({ contract: "passkeys.testnet", method: "is_valid" }, views);
  try {
    await check(question);
    return "confirmed";
  } catch (error) {
    return error instanceof DomainError ? reasonName(error.reason) : String(error);
  }
}

it.each<[string, Answer, string]>([
  ["true", says("true"), "confirmed"],
  ["false", says("false"), "CONTRACT_DENIED"],
  ["the text true", says('"true"'), "CONTRACT_DENIED"],
  ["one", says("1"), "CONTRACT_DENIED"],
  ["nothing", says(""), "CONTRACT_DENIED"],
  ["that it panicked", result({ error: "wasm execution failed", logs: [] }), "CONTRACT_DENIED"],
  [
    "that it panicked, as newer nodes say it",
    rpcError({ cause: { name: "CONTRACT_EXECUTION_ERROR" } }),
    "CONTRACT_DENIED",
  ],
  ["that there is no contract", rpcError({ cause: { name: "NO_CONTRACT_CODE" } }), "CONTRACT_DENIED"],
  ["that there is no such account", rpcError({ cause: { name: "UNKNOWN_ACCOUNT" } }), "CONTRACT_DENIED"],
  ["that it is not synced", rpcError({ cause: { name: "NOT_SYNCED_YET" } }), "CHAIN_UNAVAILABLE"],
  ["nothing that can be read", result({}), "CHAIN_UNAVAILABLE"],
  ["by hanging up", destroy, "CHAIN_UNAVAILABLE"],
])("a node that answers %s", async (_what, answer, expected) => {
  expect(await outcome(answer)).toBe(expected);
});

it("the view method is asked with what it needs to verify the assertion itself", async () => {
  const asked: unknown[] = [];
  const check = contractCheck(
    { contract: "passkeys.testnet", method: "is_valid" },
    {
      callFunction: async (...call) => {
        asked.push(call);
        return Uint8Array.from(Buffer.from("true"));
      },
    },
  );
  await check(question);
  expect(asked).toEqual([["passkeys.testnet", "is_valid", question]]);
});
