import { actions, KeyPair } from "near-api-js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NEAR, TestDevnet } from "../testing/test-devnet.ts";

describe("views", () => {
  let net: TestDevnet;
  beforeEach(async () => {
    net = await TestDevnet.start({ blockTimeMs: undefined });
  });
  afterEach(() => net.stop());

  const query = (params: object) => net.call("query", { finality: "optimistic", ...params });
  const viewCall = (account_id: string, method_name: string, args = "{}") =>
    query({
      request_type: "call_function",
      account_id,
      method_name,
      args_base64: Buffer.from(args).toString("base64"),
    });

  it("show an account and its key at a block", async () => {
    const { head } = net.chain;
    const at = { block_height: Number(head.height), block_hash: head.hash };
    expect((await query({ request_type: "view_account", account_id: "alice.test" })).result).toEqual({
      amount: (100n * NEAR).toString(),
      locked: "0",
      code_hash: "11111111111111111111111111111111",
      storage_usage: 182,
      storage_paid_at: 0,
      ...at,
    });
    const { publicKey } = net.alice;
    const key = { request_type: "view_access_key", account_id: "alice.test", public_key: publicKey };
    expect((await query(key)).result).toEqual({ nonce: 0, permission: "FullAccess", ...at });
    const list = { request_type: "view_access_key_list", account_id: "alice.test" };
    expect((await query(list)).result).toEqual({
      keys: [{ public_key: publicKey, access_key: { nonce: 0, permission: "FullAccess" } }],
      ...at,
    });
  });

  it("say of an unknown account UNKNOWN_ACCOUNT", async () => {
    expect(await query({ request_type: "view_account", account_id: "nobody.test" })).toMatchObject({
      http: 200,
      error: {
        name: "HANDLER_ERROR",
        code: -32000,
        cause: { name: "UNKNOWN_ACCOUNT", info: { requested_account_id: "nobody.test" } },
        data: "account nobody.test does not exist while viewing",
      },
    });
  });

  it("say of an unknown key a result with an error, as nodes do for old clients", async () => {
    const public_key = KeyPair.fromRandom("ed25519").getPublicKey().toString();
    const answer = await query({ request_type: "view_access_key", account_id: "alice.test", public_key });
    expect(answer.error).toBeUndefined();
    expect(answer.result).toEqual({
      error: `access key ${public_key} does not exist while viewing`,
      logs: [],
      block_height: Number(net.chain.head.height),
      block_hash: net.chain.head.hash,
    });
  });

  it.each([
    ["guest-book.test", "nothing", "{}", "MethodResolveError(MethodNotFound)"],
    ["guest-book.test", "", "{}", "MethodResolveError(MethodEmptyName)"],
    ["alice.test", "x", "{}", 'CompilationError(CodeDoesNotExist { account_id: "alice.test" })'],
    [
      "guest-book.test",
      "add_message",
      "{}",
      'HostError(ProhibitedInView { method_name: "attached_deposit" })',
    ],
    [
      "guest-book.test",
      "get_messages",
      "no json",
      'HostError(GuestPanic { panic_msg: "Failed to deserialize input from JSON." })',
    ],
  ])("say of a call of %s.%s(%s) that fails a result with an error", async (id, method, args, error) => {
    const { result } = await viewCall(id, method, args);
    expect(result.error).toBe(`wasm execution failed with error: ${error}`);
  });

  it("are as old as the block that they name, by finality, height or hash", async () => {
    const { hash, height } = net.chain.head;
    const signed = await net.alice.sign("alice.test", [
      actions.addFullAccessKey(KeyPair.fromRandom("ed25519").getPublicKey()),
    ]);
    await net.send(signed, "NONE");
    net.produce(1);
    const keys = async (at: object) => {
      const params = { request_type: "view_access_key_list", account_id: "alice.test", ...at };
      return (await net.call("query", params)).result.keys.length;
    };
    expect(await keys({ finality: "optimistic" })).toBe(2);
    expect(await keys({ finality: "final" })).toBe(1);
    expect(await keys({})).toBe(1);
    expect(await keys({ block_id: Number(height) })).toBe(1);
    expect(await keys({ block_id: hash })).toBe(1);
    net.produce(2);
    expect(await keys({ finality: "final" })).toBe(2);
  });

  it("of a block that is not there are UNKNOWN_BLOCK, of one that is too old GARBAGE_COLLECTED_BLOCK", async () => {
    const first = Number(net.chain.head.height);
    const view = { request_type: "view_account", account_id: "alice.test" };
    for (const block_id of [first + 1, "11111111111111111111111111111111"]) {
      expect((await net.call("query", { ...view, block_id })).error?.cause.name).toBe("UNKNOWN_BLOCK");
    }
    net.produce(201);
    expect((await net.call("query", { ...view, block_id: first })).error?.cause).toEqual({
      name: "GARBAGE_COLLECTED_BLOCK",
      info: { block_height: first, block_hash: net.chain.blockAt(BigInt(first))?.hash },
    });
  });

  it("of a block have the finality that is two below the head", async () => {
    net.produce(5);
    const header = async (finality: string) => (await net.call("block", { finality })).result.header;
    const head = await header("optimistic");
    const final = await header("final");
    expect(final.height).toBe(head.height - 2);
    expect(head.last_final_block).toBe(final.hash);
    expect(head.prev_hash).toBe(net.chain.blockAt(BigInt(head.height - 1))?.hash);
    expect((await net.call("block", { block_id: final.hash })).result.header).toEqual(final);
  });

  it("of the node say its network and its newest block", async () => {
    const { result } = await net.call("status", []);
    expect(result).toMatchObject({
      chain_id: "countersign-devnet",
      sync_info: { syncing: false, latest_block_height: Number(net.chain.head.height) },
    });
    expect((await net.call("gas_price", [null])).result).toEqual({ gas_price: "100000000" });
  });

  it("keep what an account was given from outside, final once blocks followed", async () => {
    net.addAccount("late.test", NEAR);
    net.produce(2);
    const late = { request_type: "view_account", account_id: "late.test", finality: "final" };
    expect((await net.call("query", late)).result.amount).toBe(NEAR.toString());
  });

  it("of an unknown method are METHOD_NOT_FOUND with status 400", async () => {
    expect(await net.call("validators", [null])).toMatchObject({
      http: 400,
      error: {
        name: "REQUEST_VALIDATION_ERROR",
        code: -32601,
        cause: { name: "METHOD_NOT_FOUND", info: { method_name: "validators" } },
      },
    });
  });

  it("are not given to what is no JSON", async () => {
    const response = await fetch(net.url, { method: "POST", body: "{" });
    expect(response.status).toBe(400);
  });
});
