import { describe, expect, it } from "vitest";
import { readOutcome } from "./outcome.ts";
import { MAX_ANSWER_BYTES } from "./post.ts";
import { type Answer, kindOf, node, result, rpcError, rpcWith, status } from "./scripted-node.ts";
import { NearTransactions } from "./transactions.ts";
import { NearViews } from "./views.ts";

/** Characters. */
const MOST_WORDS = 2_000;
const HASH = "11111111111111111111111111111111";

/** What a call to one node that answers so ends with, and the words that the log would have for it. */
async function told(
  answer: Answer,
  ask: (views: NearViews, transactions: NearTransactions) => Promise<unknown>,
) {
  const words: string[] = [];
  const onFailure = ({ error }: { error: unknown }) => {
    for (let cause = error; cause instanceof Error; cause = cause.cause) words.push(cause.message);
  };
  const rpc = rpcWith({ retries: 0, onFailure }, await node(answer));
  const kind = await kindOf(ask(new NearViews(rpc), new NearTransactions(rpc)));
  return { kind, words: words.join(": ") };
}

const transaction = (_: NearViews, transactions: NearTransactions) =>
  transactions.byHash(HASH, "relay.near", "NONE");
const account = (views: NearViews) => views.account("alice.near", "final");
const accessKey = (views: NearViews) => views.accessKey("alice.near", "ed25519:x", "final");
const block = (views: NearViews) => views.block("final");
const call = (views: NearViews) => views.callFunction("app.near", "m", {});

describe("an error of a shape that no node gives", () => {
  const errors: [string, unknown][] = [
    ["null", null],
    ["a text", "no"],
    ["a cause that is a text", { cause: "UNKNOWN_ACCOUNT" }],
    ["a cause whose name can be made no text", { cause: { name: { toString: 1, valueOf: 1 } } }],
    ["a message that can be made no text", { message: { toString: 1, valueOf: 1 } }],
  ];
  for (const [name, error] of errors) {
    it(`decides nothing: ${name}`, async () => {
      expect((await told(rpcError(error), account)).kind).toBe("unavailable");
    });
  }

  it("hides no result where it is null", async () => {
    const answer = { result: { amount: "1", locked: "0", storage_usage: 1 }, error: null };
    expect((await told(status(200, JSON.stringify(answer)), account)).kind).toBe("answered");
  });

  it("is told of in a few words", async () => {
    const long = "x".repeat(1_000_000);
    const invalid = { data: { TxExecutionError: { InvalidTxError: { [long]: {} } } } };
    for (const error of [{ message: long }, { cause: { name: long } }, invalid]) {
      const { kind, words } = await told(rpcError(error), account);
      expect(kind).toBe("unavailable");
      expect(words.length).toBeLessThan(MOST_WORDS);
    }
  });
});

describe("an answer that is wrong all over", () => {
  /** As much as is read of an answer. */
  const full = (before: string, each: string, after: string) => {
    const count = Math.floor((MAX_ANSWER_BYTES - 200) / (each.length + 1));
    return status(200, `{"result":${before}${Array.from({ length: count }, () => each).join(",")}${after}}`);
  };
  const outcome = (receipts: string) =>
    `{"id":"${HASH}","block_hash":"${HASH}","outcome":{"executor_id":"a","gas_burnt":1,"tokens_burnt":"1","receipt_ids":${receipts}`;
  const cases: [string, Answer, Parameters<typeof told>[1]][] = [
    ["outcomes", full(`{"final_execution_status":"FINAL","receipts_outcome":[`, "{}", "]}"), transaction],
    [
      "ids of receipts",
      full(
        `{"final_execution_status":"FINAL","transaction_outcome":${outcome("[")}`,
        "0",
        `],"status":"Unknown"}}}`,
      ),
      transaction,
    ],
    ["a contract's bytes", full(`{"result":[`, "-1", "]}"), call],
    [
      "names of methods",
      full(
        `{"nonce":1,"block_height":9,"permission":{"FunctionCall":{"allowance":null,"receiver_id":"a","method_names":[`,
        "0",
        "]}}}",
      ),
      accessKey,
    ],
  ];
  for (const [name, answer, ask] of cases) {
    it(`is not described at length: ${name}`, async () => {
      const { kind, words } = await told(answer, ask);
      expect(kind).toBe("unavailable");
      expect(words.length).toBeLessThan(MOST_WORDS);
    });
  }
});

describe("what comes to the ledger and to the signer", () => {
  it("is a block's hash only if it is one", async () => {
    for (const hash of ["", "0", "\u0000", HASH.slice(1), "1".repeat(45), "x".repeat(1_000_000)]) {
      const header = { height: 7, hash, timestamp_nanosec: "0" };
      expect((await told(result({ header }), block)).kind).toBe("unavailable");
      const transaction_outcome = outcomeIn(hash, 1);
      const view = { final_execution_status: "FINAL", transaction_outcome };
      expect((await told(result(view), transaction)).kind).toBe("unavailable");
    }
    const header = { height: 7, hash: HASH, timestamp_nanosec: "0" };
    expect((await told(result({ header }), block)).kind).toBe("answered");
  });

  it("is never more gas than it can count", async () => {
    const view = (outcomes: number) => ({
      final_execution_status: "FINAL",
      transaction_outcome: outcomeIn(HASH, 1),
      receipts_outcome: Array.from({ length: outcomes }, () => outcomeIn(HASH, 2 ** 52)),
    });
    expect((await told(result(view(1)), transaction)).kind).toBe("answered");
    expect((await told(result(view(2)), transaction)).kind).toBe("unavailable");
  });

  it("is never nested too deeply to be written down", async () => {
    const text = "[".repeat(500_000) + "]".repeat(500_000);
    expect(() => JSON.stringify(JSON.parse(text))).toThrow(RangeError);
    const failed = JSON.stringify({
      result: {
        final_execution_status: "FINAL",
        transaction_outcome: outcomeIn(HASH, 1, { Failure: "DEEP" }),
      },
    });
    const failing = await node(status(200, failed.replace('"DEEP"', text)));
    const view = await new NearTransactions(rpcWith({}, failing)).byHash(HASH, "relay.near", "NONE");
    expect(JSON.stringify(readOutcome(view, true)?.error)).toBe('"an error of another shape"');

    const refused = `{"error":{"data":{"TxExecutionError":{"InvalidTxError":{"ActionsValidation":${text}}}}}}`;
    const send = { signed: new Uint8Array(1), hash: HASH };
    const refusing = new NearTransactions(rpcWith({}, await node(status(200, refused))));
    const error: unknown = await refusing
      .send(send, 0, new AbortController().signal)
      .catch((e: unknown) => e);
    expect(error).toMatchObject({ kind: "refused", detail: "an error of another shape" });
  });

  const outcomeIn = (block_hash: string, gas_burnt: number, status: unknown = { SuccessValue: "" }) => ({
    ...{ id: HASH, block_hash },
    outcome: {
      executor_id: "a",
      gas_burnt,
      tokens_burnt: "1",
      receipt_ids: [],
      status,
    },
  });
});
