import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type PostAnswer,
  PostError,
  type PostOptions,
  postPinned,
} from "@countersign/server/webhooks/pinned-post.ts";
import { isPublicAddress } from "@countersign/server/webhooks/public-address.ts";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type DevCerts, makeDevCerts } from "../../scripts/dev-certs.ts";
import { type Answer, startReceiver, status } from "./support/receiver.ts";

let folder: string;
let certs: DevCerts;
let ca: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "posting-"));
  certs = makeDevCerts(folder);
  ca = readFileSync(certs.ca, "utf8");
});
afterAll(() => rm(folder, { recursive: true }));

const HERE = "127.0.0.1";

function post(url: string, options: Partial<PostOptions> = {}): Promise<PostAnswer> {
  return postPinned(new URL(url), { "x-test": "1" }, '{"a":"ä"}', {
    resolve: async () => [HERE],
    isAllowed: () => true,
    ca,
    signal: new AbortController().signal,
    ...options,
  });
}

const problemOf = (call: Promise<unknown>) =>
  call.then(
    () => expect.fail("the post should have failed"),
    (error) => {
      expect(error).toBeInstanceOf(PostError);
      return error.message as string;
    },
  );

test("a body is posted over TLS to the address that the name has", async () => {
  const receiver = await startReceiver(status(204, { "retry-after": "7" }), { certs });
  expect(await post(`${receiver.url}/hook?a=b`)).toEqual({ status: 204, retryAfter: "7" });
  expect(receiver.received).toMatchObject([
    {
      path: "/hook?a=b",
      body: '{"a":"ä"}',
      headers: { "x-test": "1", "content-length": "10", host: `localhost:${receiver.port}` },
    },
  ]);
});

test("a certificate of an authority that is not known, or of another name, is refused", async () => {
  const receiver = await startReceiver(undefined, { certs });
  expect(await problemOf(post(receiver.url, { ca: undefined }))).toMatch(/certificate/);
  expect(await problemOf(post(receiver.url.replace("localhost", "other.example")))).toMatch(/altnames/);
  expect(receiver.received).toEqual([]);
});

describe("addresses that may not be called", () => {
  test.each([
    ["one that is private", ["10.1.2.3"]],
    ["a private one beside a public one", ["1.1.1.1", "169.254.169.254"]],
    ["this machine", ["127.0.0.1"]],
    ["IPv4 in IPv6", ["::ffff:127.0.0.1"]],
    ["a translated one", ["64:ff9b::7f00:1"]],
    ["no address", []],
  ])("%s: nothing is connected to", async (_, addresses) => {
    const receiver = await startReceiver();
    const problem = await problemOf(
      post(`http://hooks.example:${receiver.port}/`, {
        resolve: async () => addresses,
        isAllowed: isPublicAddress,
      }),
    );
    expect(problem).toBe(addresses.length === 0 ? "its name has no address" : "its address is not public");
    expect(receiver.received).toEqual([]);
  });

  test("an address itself in the URL is looked at too", async () => {
    const receiver = await startReceiver();
    const options = { isAllowed: isPublicAddress };
    expect(await problemOf(post(receiver.url, options))).toBe("its address is not public");
    expect(await problemOf(post("http://[::1]:9/", options))).toBe("its address is not public");
  });

  test("a name that leads elsewhere after it was looked at is called where it led to then", async () => {
    const good = await startReceiver();
    const internal = await startReceiver(undefined, { host: "127.0.0.2", port: good.port });
    const answers = [[HERE], ["127.0.0.2"], ["127.0.0.2"]];
    const asked: string[] = [];
    const resolve = async (name: string) => {
      asked.push(name);
      return answers.shift() ?? [];
    };
    const answer = await post(`http://rebinding.example:${good.port}/`, {
      resolve,
      isAllowed: (address) => address === HERE,
    });
    expect(answer.status).toBe(200);
    expect(asked).toEqual(["rebinding.example"]);
    expect(good.received.map(({ headers }) => headers.host)).toEqual([`rebinding.example:${good.port}`]);
    expect(internal.received).toEqual([]);
    // By the next attempt it leads elsewhere, and is not called.
    const next = post(`http://rebinding.example:${good.port}/`, {
      resolve,
      isAllowed: (address) => address === HERE,
    });
    expect(await problemOf(next)).toBe("its address is not public");
    expect(internal.received).toEqual([]);
  });

  test.each([301, 302, 303, 307, 308])("a redirect (%i) is an answer, and is not followed", async (code) => {
    const metadata = await startReceiver();
    const receiver = await startReceiver(status(code, { location: `${metadata.url}/latest/meta-data/` }));
    expect((await post(receiver.url)).status).toBe(code);
    expect(metadata.received).toEqual([]);
    expect(receiver.received.length).toBe(1);
  });
});

describe("receivers that misbehave", () => {
  test("a body that never ends is cut off, and the status counts", async () => {
    const closed = Promise.withResolvers<void>();
    const endless: Answer = (_, response) => {
      response.on("close", closed.resolve);
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(4_096)));
      };
      response.on("drain", more);
      more();
    };
    const receiver = await startReceiver(endless);
    expect((await post(receiver.url)).status).toBe(200);
    await closed.promise;
  });

  test("a body that stalls holds the attempt no longer than its time, and the status counts", async () => {
    const receiver = await startReceiver((_, response) => {
      response.writeHead(200, { "content-length": "5" });
      response.write("abc");
    });
    const time = new AbortController();
    const posted = post(receiver.url, { signal: time.signal });
    await receiver.got(1);
    // The head may be under way still: then no answer came in time.
    setImmediate(() => time.abort());
    const outcome = await posted.then(
      (answer) => answer.status,
      (error) => error.message,
    );
    expect([200, "no answer came in time"]).toContain(outcome);
  });

  test("no answer at all, and none to the name's question, end with the attempt's time", async () => {
    const receiver = await startReceiver(() => undefined);
    const time = new AbortController();
    const posted = problemOf(post(receiver.url, { signal: time.signal }));
    await receiver.got(1);
    time.abort();
    expect(await posted).toBe("no answer came in time");

    const asked = new AbortController();
    const silent = post("http://hooks.example:9/", {
      signal: asked.signal,
      resolve: async (_, signal) => {
        const aborted = once(signal, "abort");
        asked.abort();
        await aborted;
        signal.throwIfAborted();
        return [];
      },
    });
    expect(await problemOf(silent)).toBe("no answer came in time");
  });

  test("headers without end, no HTTP, and a closed door are failures in words", async () => {
    const large = await startReceiver((_, response) => {
      response.writeHead(200, { "x-large": "x".repeat(20_000) }).end();
    });
    expect(await problemOf(post(large.url))).toMatch(/Header/i);

    const garbage = createServer((socket) => {
      socket.on("error", () => undefined).resume();
      socket.end("SSH-2.0-OpenSSH_9.9\r\n");
    });
    garbage.listen(0, HERE);
    await once(garbage, "listening");
    onTestFinished(() => void garbage.close());
    const { port } = garbage.address() as { port: number };
    expect(await problemOf(post(`http://${HERE}:${port}/`))).not.toBe("");

    garbage.close();
    await once(garbage, "close");
    expect(await problemOf(post(`http://${HERE}:${port}/`))).toMatch(/ECONNREFUSED/);
  });

  test("a connection is used once", async () => {
    const sockets = new Set<number | undefined>();
    const receiver = await startReceiver((_, response) => {
      sockets.add(response.socket?.remotePort);
      response.writeHead(200, { connection: "keep-alive" }).end();
    });
    await post(receiver.url);
    await post(receiver.url);
    expect(sockets.size).toBe(2);
  });
});
