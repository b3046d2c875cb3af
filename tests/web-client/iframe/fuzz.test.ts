import { MessageChannel } from "node:worker_threads";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { MAX_REQUEST_LENGTH, METHODS } from "../../../clients/web/src/iframe/protocol.ts";
import { APP, type Guest, HELLO, startGuest } from "./support/embedding.ts";
import { ACCOUNT } from "./support/scripted-wallet.ts";

const RUNS = 150;
const uncaught: unknown[] = [];
const notice = (error: unknown) => void uncaught.push(error);

beforeEach(() => {
  uncaught.length = 0;
  process.on("uncaughtException", notice);
  process.on("unhandledRejection", notice);
});
afterEach(() => {
  process.off("uncaughtException", notice);
  process.off("unhandledRejection", notice);
});

/** Whatever the guest was sent before: it goes on to ask its user, and has signed nothing. */
async function stillServes(guest: Guest): Promise<void> {
  const app = await guest.open();
  const done = (async () => {
    // What was sent may have made the wallet forget this application.
    await app.connect();
    await app.signNearMessage({
      ...{ accountId: ACCOUNT, message: "still there?", recipient: "app.example" },
      nonce: Buffer.alloc(32).toString("base64"),
    });
  })();
  for (let isOurs = false; !isOurs; ) {
    const { request, answer } = await guest.screen.next();
    isOurs = request?.kind === "near-message" && request.message === "still there?";
    answer(request === undefined ? [ACCOUNT] : isOurs);
  }
  await done;
  expect(guest.wallet.calls.splice(0).map(({ method }) => method)).toEqual(["signMessage"]);
  expect(uncaught).toEqual([]);
  app.close();
}

/** Values of all kinds that a port carries. */
const carried = fc.oneof(
  fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withTypedArray: true,
    withSparseArray: true,
  }),
  fc
    .constantFrom<() => unknown>(
      () => {
        const cyclic: Record<string, unknown> = { type: "request", id: 1 };
        cyclic.params = cyclic;
        return cyclic;
      },
      () => new Array(1_000_000),
      () => new ArrayBuffer(1_000_000),
      () => new SharedArrayBuffer(8),
      () => new Error("an error"),
      () => /expression/g,
    )
    .map((make) => make()),
);

/** Texts that begin like messages and are none, and messages of whatever fields. */
const texts = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.json(),
  fc.constantFrom(
    "",
    "{",
    "[".repeat(MAX_REQUEST_LENGTH),
    `${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)}`,
    " ".repeat(MAX_REQUEST_LENGTH + 1),
    '{"type":"request","id":1,"method":"__proto__","params":{}}',
    '{"type":"request","id":1,"method":"constructor","params":{}}',
    '{"__proto__":{"type":"bye"}}',
    '{"type":"cancel","id":"constructor"}',
  ),
  fc
    .record({
      type: fc.constantFrom("request", "cancel", "bye", "welcome", "answer"),
      id: fc.oneof(fc.nat(3), fc.double(), fc.string()),
      method: fc.oneof(fc.constantFrom(...METHODS), fc.string()),
      params: fc.jsonValue(),
    })
    .map((message) => JSON.stringify(message)),
);

const isCarried = (value: unknown) => {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
};

test("whatever comes through a port, nothing is thrown, nothing signed, and the guest goes on", async () => {
  const guest = startGuest();
  await guest.connected();
  const messages = fc.array(fc.oneof(texts, carried.filter(isCarried)), { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(messages, fc.boolean(), async (sent, withPort) => {
      const port = guest.post(HELLO, { origin: APP });
      for (const message of sent) {
        const { port1, port2 } = new MessageChannel();
        port.postMessage(message, withPort ? [port2] : []);
        port1.close();
      }
      await stillServes(guest);
      port.postMessage(JSON.stringify({ type: "bye" }));
    }),
    { numRuns: RUNS },
  );
});

test("whatever comes to the window, nothing is thrown, and the guest goes on", async () => {
  const guest = startGuest();
  await guest.connected();
  const hello = fc
    .record(
      { type: fc.constantFrom("countersign-wallet-hello", "hello"), protocolVersion: fc.jsonValue() },
      { requiredKeys: [] },
    )
    .map((message) => JSON.stringify(message));
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(hello, texts, carried),
      fc.constantFrom(APP, "https://evil.example", "null", "", "__proto__"),
      fc.boolean(),
      async (data, origin, isParent) => {
        guest.post(data, { origin, ...(isParent ? {} : { source: {} }) }).close();
        await stillServes(guest);
      },
    ),
    { numRuns: RUNS },
  );
});

/** A request that is right, of each method. */
const action = { kind: "FunctionCall", methodName: "m", args: { json: { a: [1] } }, gas: "1", deposit: "0" };
const batch = { receiverId: "r.testnet", actions: [action, { kind: "Transfer", deposit: "1" }] };
const address = `0x${"ab".repeat(20)}`;
const RIGHT: Readonly<Record<string, object>> = {
  relay: { accountId: ACCOUNT, ...batch },
  signNearTransactions: { accountId: ACCOUNT, transactions: [batch] },
  signNearMessage: {
    ...{ accountId: ACCOUNT, message: "m", recipient: "r" },
    nonce: Buffer.alloc(32).toString("base64"),
  },
  signEvmTransaction: {
    accountId: ACCOUNT,
    transaction: { chainId: 1, nonce: 0, to: address, gas: "1", gasPrice: "1", data: "0x12345678" },
  },
  signEvmMessage: { accountId: ACCOUNT, message: { raw: "0xff" } },
  signEvmTypedData: {
    accountId: ACCOUNT,
    typedData: {
      domain: { name: "D", chainId: 1 },
      types: { T: [{ name: "f", type: "uint8[]" }] },
      primaryType: "T",
      message: { f: [1] },
    },
  },
};

interface Outcome {
  readonly type: string;
  readonly reason?: string;
}

/** Every place of a value, as a path. */
function places(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== "object" || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([name, inner]) => places(inner, [...path, name]))];
}

function withValueAt(value: unknown, [name, ...rest]: readonly string[], other: unknown): unknown {
  if (name === undefined) return other;
  const copy = structuredClone(value) as Record<string, unknown>;
  copy[name] = withValueAt(copy[name], rest, other);
  return copy;
}

test("a request with any one value changed is refused with a reason, or shown and declined", async () => {
  const guest = startGuest();
  await guest.connected();
  const port = guest.post(HELLO, { origin: APP });
  const answers = new Map<number, (outcome: Outcome) => void>();
  port.on("message", (text) => {
    const { id, ...answer } = JSON.parse(text);
    if (answer.type === "error" || answer.type === "answer") answers.get(id)?.(answer);
  });
  let id = 0;
  const ask = (method: string, params: unknown) => {
    const mine = ++id;
    port.postMessage(JSON.stringify({ type: "request", id: mine, method, params }));
    return new Promise<Outcome>((resolve) => answers.set(mine, resolve));
  };
  // A user who declines everything, until the test ends.
  (async () => {
    for (;;) (await guest.screen.next()).answer(false);
  })();
  const changed = fc.constantFrom(...Object.keys(RIGHT)).chain((method) =>
    fc.record({
      method: fc.constant(method),
      path: fc.constantFrom(...places(RIGHT[method])),
      other: fc.oneof(
        fc.jsonValue(),
        fc.constantFrom("__proto__", "constructor", "9".repeat(400), "0x", -1, 1e300),
      ),
    }),
  );
  await fc.assert(
    fc.asyncProperty(changed, async ({ method, path, other }) => {
      const outcome = await ask(method, withValueAt(RIGHT[method], path, other));
      expect(outcome.type).toBe("error");
      expect(["REQUEST_INVALID", "NOT_CONNECTED", "DECLINED", "TOO_MANY_REQUESTS"]).toContain(outcome.reason);
      expect(guest.wallet.calls).toEqual([]);
      expect(uncaught).toEqual([]);
    }),
    { numRuns: 2_000 },
  );
});
