import { Code } from "@connectrpc/connect";
import { expect, it } from "vitest";
import { connectVault } from "./vault-client.ts";
import { type PagePort, VAULT_PROTOCOL, type VaultCall, type VaultMessage } from "./vault-port.ts";

/** A worker that a test plays. */
function worker() {
  const sent: VaultCall[] = [];
  let say: (message: VaultMessage) => void = () => undefined;
  let fail = () => {};
  let isClosed = false;
  const port: PagePort = {
    send: (call) => sent.push(call),
    receive: (listener) => {
      say = listener;
    },
    failed: (listener) => {
      fail = listener;
    },
    close: () => {
      isClosed = true;
    },
  };
  const vault = connectVault(port);
  const say_ = (message: VaultMessage) => say(message);
  return { vault, sent, say: say_, fail: () => fail(), isClosed: () => isClosed };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

it("nothing is sent before the worker is ready", async () => {
  const { vault, sent, say } = worker();
  const locking = vault.lock({});
  await turn();
  expect(sent).toEqual([]);
  say({ type: "ready", protocol: VAULT_PROTOCOL });
  await turn();
  expect(sent).toMatchObject([{ method: "lock" }]);
  say({ type: "answer", id: sent[0]?.id ?? 0, answer: undefined });
  await locking;
});

it("a worker of another version is sent nothing, and a secret that was meant for it is wiped", async () => {
  const { vault, sent, say, isClosed } = worker();
  const prfFirst = new Uint8Array(32).fill(7).buffer;
  const unlocking = vault.unlock({ prfFirst, accountId: "alice.near", rpId: "example.com" });
  say({ type: "ready", protocol: VAULT_PROTOCOL + 1 });
  await expect(unlocking).rejects.toThrow(/of another version/);
  expect(new Uint8Array(prfFirst)).toEqual(new Uint8Array(32));
  expect([sent.length, isClosed()]).toEqual([0, true]);
});

it("calls that wait for a worker that fails are rejected, and so are those that come later", async () => {
  const { vault, say, fail } = worker();
  say({ type: "ready", protocol: VAULT_PROTOCOL });
  const locking = vault.lock({});
  await turn();
  fail();
  await expect(locking).rejects.toMatchObject({ code: Code.Aborted });
  await expect(vault.lock({})).rejects.toMatchObject({ code: Code.Aborted });
});

it("a refusal keeps its kind, and a mistake says nothing of what it met", async () => {
  const { vault, sent, say } = worker();
  say({ type: "ready", protocol: VAULT_PROTOCOL });
  const [refused, broken] = [vault.lock({}), vault.lock({})];
  await turn();
  const [first, second] = sent.map(({ id }) => id);
  say({ type: "refusal", id: first ?? 0, refusal: "ROUND_SPENT", message: "why" });
  say({ type: "broken", id: second ?? 0 });
  await expect(refused).rejects.toMatchObject({ name: "VaultError", refusal: "ROUND_SPENT" });
  await expect(broken).rejects.toMatchObject({ code: Code.Aborted });
});
