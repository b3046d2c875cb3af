import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import { text } from "node:stream/consumers";
import type { RelyingPartySettings } from "@countersign/server/session/ports.ts";
import { walletOriginsFilter } from "@countersign/server/transport/wallet-origins.ts";
import { expect, test } from "vitest";
import { startSmallRelay } from "./small-relay.ts";

const PATH = "/.well-known/webauthn";
const WALLET: RelyingPartySettings = {
  id: "wallet.example",
  name: "",
  origins: [
    "https://wallet.example",
    "https://app.wallet.example:8443",
    "https://wallet.other",
    "https://notwallet.example",
  ],
  userVerificationOptional: false,
};
const RELATED = { origins: ["https://wallet.other", "https://notwallet.example"] };

const start = () =>
  startSmallRelay({ filter: walletOriginsFilter((id) => (id === WALLET.id ? WALLET : undefined)) });

async function ask(address: string, host: string, { path = PATH, method = "GET" } = {}) {
  const request = http.request(address + path, { method, headers: { host } }).end();
  const [response]: http.IncomingMessage[] = await once(request, "response");
  if (response === undefined) return expect.fail("no response");
  const { statusCode, headers } = response;
  return { status: statusCode, headers, body: await text(response) };
}

test.each(["wallet.example", "Wallet.Example:443", "wallet.example:8080"])(
  "asked as %s it lists the wallet's origins of other domains, and no others",
  async (host) => {
    const { address } = await start();
    const { status, headers, body } = await ask(address, host, { path: `${PATH}?x=1` });
    expect({ status, body: JSON.parse(body) }).toEqual({ status: 200, body: RELATED });
    expect(headers).toMatchObject({
      "content-type": "application/json",
      "cache-control": "public, max-age=300",
    });
  },
);

test.each(["other.example", "app.wallet.example", "wallet.example.evil.example", "127.0.0.1"])(
  "asked as %s, which is no relying party, it is not there",
  async (host) => {
    const { address } = await start();
    expect(await ask(address, host)).toMatchObject({ status: 404, body: "" });
  },
);

test("a HEAD has no body, and other methods and paths are left to the RPCs", async () => {
  const { address } = await start();
  expect(await ask(address, WALLET.id, { method: "HEAD" })).toMatchObject({ status: 200, body: "" });
  expect((await ask(address, WALLET.id, { method: "POST" })).body).not.toContain("origins");
  expect((await ask(address, WALLET.id, { path: `${PATH}/x` })).status).not.toBe(200);
});

test("HTTP/2 names the host as its authority", async () => {
  const { address } = await start();
  const session = http2.connect(address);
  const stream = session.request({ ":path": PATH, ":authority": WALLET.id });
  expect(JSON.parse(await text(stream))).toEqual(RELATED);
  session.close();
});
