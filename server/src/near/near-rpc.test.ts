import { describe, expect, it } from "vitest";
import {
  type Answer,
  any,
  destroy,
  hang,
  kindOf,
  node,
  result,
  rpcError,
  rpcOver,
  rpcWith,
  status,
} from "./scripted-node.ts";
import { NearViews } from "./views.ts";

describe("a call to several endpoints", () => {
  it("goes on to the next endpoint after a passing failure, and stays there", async () => {
    const broken = await node(status(502, "Bad gateway"));
    const working = await node(result(1));
    const rpc = await rpcOver(broken, working);
    expect(await rpc.call("m", [], any)).toBe(1);
    expect(await rpc.call("m", [], any)).toBe(1);
    expect([broken.requests(), working.requests()]).toEqual([1, 2]);
  });

  it("does not repeat what the chain decided", async () => {
    const only = await node(rpcError({ cause: { name: "UNKNOWN_ACCOUNT" } }));
    expect(await kindOf((await rpcOver(only)).call("query", {}, any))).toBe("unknown-account");
    expect(only.requests()).toBe(1);
  });

  it("gives up after its retries", async () => {
    const only = await node(destroy);
    expect(await kindOf((await rpcOver(only)).call("m", [], any))).toBe("unavailable");
    expect(only.requests()).toBe(3);
  });

  it("stops at once when its signal aborts", async () => {
    const slow = await node(hang);
    const call = (await rpcOver(slow)).call("m", [], {
      ...any,
      signal: AbortSignal.abort(new Error("stop")),
    });
    await expect(call).rejects.toThrow("stop");
  });
});

describe("one endpoint's failure", () => {
  const invalidTx = (variant: unknown) =>
    rpcError({
      name: "HANDLER_ERROR",
      cause: { name: "INVALID_TRANSACTION", info: {} },
      code: -32000,
      message: "Server error",
      data: { TxExecutionError: { InvalidTxError: variant } },
    });
  const cases: [string, Answer, string][] = [
    ["HTTP 429", status(429), "rate-limited"],
    ["no answer in time", hang, "timeout"],
    ["a closed connection", destroy, "unavailable"],
    ["HTML instead of JSON", status(200, "<html>"), "unavailable"],
    ["JSON that is no JSON-RPC answer", status(200, "[]"), "unavailable"],
    ["an answer of 5 MB", status(200, `"${"x".repeat(5_000_000)}"`), "unavailable"],
    ["an error that nobody knows", rpcError({ code: -32603, message: "?" }), "unavailable"],
    ["a cause named like a method of objects", rpcError({ cause: { name: "toString" } }), "unavailable"],
    ["a node that is behind", rpcError({ cause: { name: "NOT_SYNCED_YET" } }), "not-synced"],
    ["a node's own time-out", rpcError({ cause: { name: "TIMEOUT_ERROR" } }), "timeout"],
    ["an unknown transaction", rpcError({ cause: { name: "UNKNOWN_TRANSACTION" } }), "unknown-transaction"],
    ["InvalidNonce", invalidTx({ InvalidNonce: { tx_nonce: 1, ak_nonce: 2 } }), "invalid-nonce"],
    ["Expired", invalidTx("Expired"), "expired"],
    ["NotEnoughBalance", invalidTx({ NotEnoughBalance: {} }), "not-enough-balance"],
    ["a missing key", invalidTx({ InvalidAccessKeyError: { AccessKeyNotFound: {} } }), "signer-unknown"],
    ["InvalidSignature", invalidTx("InvalidSignature"), "refused"],
    ["a refusal that nobody knows", invalidTx({ NotEnoughGasKeyBalance: {} }), "unavailable"],
    ["ActionsValidation", invalidTx({ ActionsValidation: "TotalPrepaidGasExceeded" }), "refused"],
  ];
  for (const [name, answer, kind] of cases) {
    it(`${name} is ${kind}`, async () => {
      const rpc = rpcWith(answer === hang ? { timeoutMs: 200 } : {}, await node(answer));
      expect(await kindOf(rpc.call("send_tx", {}, { ...any, endpoint: 0 }))).toBe(kind);
    });
  }
});

describe("views", () => {
  it("refuse an answer of another shape", async () => {
    const views = new NearViews(await rpcOver(await node(result({ amount: "12", block_height: "high" }))));
    expect(await kindOf(views.account("alice.near", "final"))).toBe("unavailable");
  });

  it("refuse a number that JSON cannot carry exactly", async () => {
    const nonce = 2 ** 53;
    const answer = result({ nonce, permission: "FullAccess", block_height: 1 });
    const views = new NearViews(await rpcOver(await node(answer)));
    expect(await kindOf(views.accessKey("alice.near", "ed25519:x", "final"))).toBe("unavailable");
  });
});
