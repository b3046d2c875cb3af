import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { AnswerTooLargeError, MAX_ANSWER_BYTES } from "./post.ts";
import { postByFetch } from "./post-by-fetch.ts";
import { postByUndici } from "./post-by-undici.ts";
import { destroy, hang, node, status } from "./scripted-node.ts";

const never = new AbortController().signal;

describe.each([
  ["undici", postByUndici],
  ["fetch", postByFetch],
])("a post by %s", (_, post) => {
  it("sends headers and body, and gives the answer", async () => {
    const seen: unknown[] = [];
    const { endpoint } = await node(({ method, headers }, response, body) => {
      seen.push(method, headers["content-type"], headers["content-length"], headers.authorization, body);
      response.writeHead(503, { "retry-after": "7" }).end("żółw");
    });
    const answer = await post(
      endpoint.url,
      { Authorization: "key", "Content-type": "text/plain" },
      "ż",
      never,
    );
    expect(answer).toEqual({ status: 503, retryAfter: "7", text: "żółw" });
    expect(seen).toEqual(["POST", "application/json", "2", "key", "ż"]);
  });

  it("follows no redirect", async () => {
    const other = await node(status(200, "other"));
    const { endpoint } = await node(status(302, "", { location: other.endpoint.url }));
    expect(await post(endpoint.url, {}, "", never)).toMatchObject({ status: 302, retryAfter: null });
    expect(other.requests()).toBe(0);
  });

  it("reads as much as it may, and no more", async () => {
    const fits = await node(status(200, "x".repeat(MAX_ANSWER_BYTES)));
    expect((await post(fits.endpoint.url, {}, "", never)).text).toHaveLength(MAX_ANSWER_BYTES);
    const endless = await node((_request, response) => {
      const more = () => response.write("x".repeat(65_536), () => response.destroyed || more());
      more();
    });
    await expect(post(endless.endpoint.url, {}, "", never)).rejects.toBeInstanceOf(AnswerTooLargeError);
  });

  it("ends with its signal: before, while it waits, and in the middle of an answer", async () => {
    const reason = new Error("enough");
    const nodes = [await node(hang), await node((_request, response) => void response.write("{"))];
    for (const { endpoint } of nodes) {
      const ended = post(endpoint.url, {}, "", AbortSignal.abort(reason));
      await expect(ended).rejects.toBe(reason);
      const abort = new AbortController();
      const ends = post(endpoint.url, {}, "", abort.signal);
      setTimeout(() => abort.abort(reason), 50);
      await expect(ends).rejects.toBe(reason);
    }
  });

  it("leaves no connection open that nothing uses", async () => {
    const server = createServer((_request, response) => response.end("{}"));
    onTestFinished(() => server.closeAllConnections());
    onTestFinished(() => void server.close());
    // Such a server closes none by itself, and says nothing of when it would.
    server.keepAliveTimeout = 0;
    await once(server.listen(0, "127.0.0.1"), "listening");
    const connected = once(server, "connection");
    await post(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, {}, "", never);
    const [socket] = await connected;
    await once(socket, "close");
  });

  it("fails when the connection closes: before the answer, and in the middle of it", async () => {
    const halfWay = await node((_request, response) => {
      response.writeHead(200, { "content-length": 100 });
      response.write("{", () => response.destroy());
    });
    for (const { endpoint } of [await node(destroy), halfWay]) {
      await expect(post(endpoint.url, {}, "", never)).rejects.toThrow();
    }
  });
});
