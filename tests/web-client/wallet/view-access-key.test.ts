import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Code } from "@connectrpc/connect";
import { startDevnet } from "@countersign/devnet";
import { errorOf } from "@countersign/web";
import { KeyPair } from "near-api-js";
import { expect, it, onTestFinished } from "vitest";
import { nearRpc } from "../../../clients/web/src/wallet/view-access-key.ts";

const failed = () => expect.fail("it should have failed");
const randomKey = () => KeyPair.fromRandom("ed25519").getPublicKey().toString();

async function devnetWith(publicKey: string): Promise<string> {
  const devnet = await startDevnet({ accounts: [{ id: "alice.test", balance: "1", keys: [publicKey] }] });
  onTestFinished(() => devnet.stop());
  return devnet.rpcUrls[0] ?? "";
}

/** A node that says one thing. */
async function nodeThatSays(body: string, status = 200): Promise<string> {
  const server = createServer((_, response) => response.writeHead(status).end(body));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it("an access key is read with the block that it was read at", async () => {
  const publicKey = randomKey();
  const view = nearRpc(await devnetWith(publicKey));
  const { nonce, blockHeight, blockHash } = await view("alice.test", publicKey, undefined);
  expect([typeof nonce, blockHeight > 0n, blockHash.length]).toEqual(["bigint", true, 32]);
});

it("a key that the account does not have is said so", async () => {
  const view = nearRpc(await devnetWith(randomKey()));
  const missing = view("alice.test", randomKey(), undefined).then(failed, errorOf);
  expect(await missing).toMatchObject({ reason: "ACCESS_KEY_NOT_FOUND", code: Code.NotFound });
});

it.each([
  ["no JSON", "<html>", 502],
  ["nothing", "{}", 200],
  [
    "a nonce that is none",
    '{"result":{"nonce":1.5,"block_height":1,"block_hash":"11111111111111111111111111111111"}}',
    200,
  ],
  ["a hash that is none", '{"result":{"nonce":1,"block_height":1,"block_hash":"1"}}', 200],
  ["more than a wallet reads", `"${"x".repeat(65_536)}"`, 200],
])("a node that answers %s is unavailable", async (_, body, status) => {
  const view = nearRpc(await nodeThatSays(body, status));
  const answered = view("alice.test", "ed25519:x", undefined).then(failed, errorOf);
  expect(await answered).toMatchObject({ reason: "CHAIN_UNAVAILABLE", code: Code.Unavailable });
});

it("a question that is aborted is cancelled", async () => {
  const view = nearRpc(await nodeThatSays("{}"));
  const asked = view("alice.test", "ed25519:x", AbortSignal.abort()).then(failed, errorOf);
  expect(await asked).toMatchObject({ code: Code.Canceled });
});
