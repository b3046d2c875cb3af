import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { type Fault, startFaultProxy } from "./fault-proxy.ts";

/** A server that says what it got, behind a proxy, until the test ends. */
async function world() {
  const got: string[] = [];
  const server = createServer((request, response) => {
    got.push(`${request.method} ${request.url}`);
    response.setHeader("x-relay", "real");
    response.end("an answer");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const proxy = await startFaultProxy(`http://127.0.0.1:${port}`);
  onTestFinished(async () => {
    await proxy.stop();
    server.close();
    server.closeAllConnections();
  });
  const call = async (method = "Call") => {
    const answer = await fetch(`${proxy.url}/service/${method}`, { method: "POST", body: "a request" });
    return `${answer.status} ${await answer.text()}`;
  };
  return { proxy, got, call };
}

it("hands calls on, and says which there were", async () => {
  const { proxy, got, call } = await world();
  const waiting = proxy.waitFor("Call", 2);
  expect([await call(), await call("Other"), await call()]).toEqual(Array(3).fill("200 an answer"));
  await waiting;
  expect(got).toEqual(["POST /service/Call", "POST /service/Other", "POST /service/Call"]);
  expect(proxy.seen("Call").map(({ nth, body }) => `${nth} ${body}`)).toEqual(["1 a request", "2 a request"]);
});

it.each<[string, Fault, string, number]>([
  ["breaks before the relay hears of it", { type: "drop", when: "before" }, "broken", 0],
  ["breaks once the relay has answered", { type: "drop", when: "after" }, "broken", 1],
  ["changes a bit", { type: "corrupt" }, "200 an answes", 1],
  ["changes what it is told", { type: "corrupt", change: () => Buffer.from("x") }, "200 x", 1],
  ["answers by itself", { type: "garbage", status: 502, body: "<html>" }, "502 <html>", 0],
])("%s, one call alone", async (_, fault, outcome, heard) => {
  const { proxy, got, call } = await world();
  proxy.fault(({ nth }) => (nth === 1 ? fault : undefined));
  expect(await call().catch(() => "broken")).toBe(outcome);
  expect(got).toHaveLength(heard);
  expect(await call()).toBe("200 an answer");
});

it.each<[string, Fault, string, number]>([
  ["a call", { type: "delay", when: "before" }, "200 an answer", 0],
  ["an answer", { type: "delay", when: "after" }, "200 an answer", 1],
  ["half an answer", { type: "trickle" }, "200 an answer", 1],
  ["a call that nobody answers", { type: "hang" }, "broken", 0],
])("holds %s until it is released", async (_, fault, outcome, heard) => {
  const { proxy, got, call } = await world();
  proxy.fault(fault);
  let isOver = false;
  const calling = call()
    .catch(() => "broken")
    .finally(() => {
      isOver = true;
    });
  await proxy.waitFor("Call");
  await expect.poll(() => got.length).toBe(heard);
  proxy.fault();
  // A call after it is not held up.
  expect(await call("Other")).toBe("200 an answer");
  expect(isOver).toBe(false);
  proxy.release();
  expect(await calling).toBe(outcome);
});

it("refuses connections while it is down, and is where it was afterwards", async () => {
  const { proxy, got, call } = await world();
  await proxy.down();
  expect(await call().catch(() => "refused")).toBe("refused");
  await proxy.up();
  expect(await call()).toBe("200 an answer");
  expect(got).toHaveLength(1);
});
