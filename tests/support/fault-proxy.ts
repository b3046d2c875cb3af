// An HTTP/1.1 proxy before a real relay that fails as relays and networks do. It acts on events alone: nothing waits for
// time to pass.
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as requestOf,
  type ServerResponse,
} from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** What goes wrong with a call. Preflights of browsers pass, unless the proxy is down. */
export type Fault =
  /** Waits for `release`: before the relay gets the call, or with its answer. */
  | { readonly type: "delay"; readonly when: "before" | "after" }
  /** The relay never gets the call, and nobody answers. */
  | { readonly type: "hang" }
  /** The connection breaks: before the relay gets the call, or once it has answered in full. */
  | { readonly type: "drop"; readonly when: "before" | "after" }
  /** Other bytes than the relay's answer; without `change`, one bit of the last byte is another. */
  | { readonly type: "corrupt"; readonly change?: (body: Buffer) => Uint8Array }
  /** Something that is no relay answers: by default, status 200 and bytes that are no message. */
  | {
      readonly type: "garbage";
      readonly status?: number;
      readonly contentType?: string;
      readonly body?: string;
    }
  /** The answer's head and first half come; the rest waits for `release`. */
  | { readonly type: "trickle" };

/** A call that reached the proxy. */
export interface SeenCall {
  /** The method's name, for example "RemoveServerLock". */
  readonly method: string;
  /** 1 for the first call of this method, 2 for the second. */
  readonly nth: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** What happens to a call; undefined for nothing. */
type FaultOf = (call: SeenCall) => Fault | undefined;

export interface FaultProxy {
  /** "http://127.0.0.1:" and a port, which stays the same. */
  readonly url: string;
  /** Where calls go; it may be set while the proxy runs. */
  target: string;
  /** What goes wrong with every call from now on, or with each that the function names; without, nothing. */
  fault(fault?: Fault | FaultOf): void;
  /** Ends what `delay`, `hang` and `trickle` hold: it goes on as if nothing had been wrong; a hanging call breaks. */
  release(): void;
  /** Refuses connections and breaks those that there are, until `up`. */
  down(): Promise<void>;
  up(): Promise<void>;
  /** All calls so far, in order; of one method only if it is named. */
  seen(method?: string): readonly SeenCall[];
  /** Resolves as soon as there have been `count` calls of the method in all, 1 if absent. */
  waitFor(method: string, count?: number): Promise<void>;
  stop(): Promise<void>;
}

/** Starts it on a free port of 127.0.0.1. */
export async function startFaultProxy(targetUrl: string): Promise<FaultProxy> {
  const calls: SeenCall[] = [];
  const sockets = new Set<Socket>();
  const waiting = new Set<{ readonly isSeen: () => boolean; readonly resolve: () => void }>();
  let faultOf: FaultOf = () => undefined;
  let held = Promise.withResolvers<void>();

  const server = createServer(async (request, response) => {
    const body = await bodyOf(request);
    if (body === undefined) return;
    const method = (request.url ?? "").split("/").at(-1) ?? "";
    let fault: Fault | undefined;
    if (request.method !== "OPTIONS") {
      const nth = calls.filter((call) => call.method === method).length + 1;
      const call: SeenCall = { method, nth, headers: request.headers, body };
      calls.push(call);
      fault = faultOf(call);
      for (const one of waiting) if (one.isSeen()) one.resolve();
    }
    const { promise: released } = held;
    await forward(proxy.target, request, response, body, { fault, released }).catch(() => {
      response.destroy();
    });
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  const listen = (port: number) =>
    new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, "127.0.0.1", () => {
        server.off("error", reject);
        resolve();
      });
    });
  await listen(0);
  const { port } = server.address() as AddressInfo;

  const down = async () => {
    if (!server.listening) return;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.resetAndDestroy();
    await closed;
  };
  const proxy: FaultProxy = {
    url: `http://127.0.0.1:${port}`,
    target: targetUrl,
    fault(next) {
      faultOf = typeof next === "function" ? next : () => next;
    },
    release() {
      held.resolve();
      held = Promise.withResolvers();
    },
    down,
    up: async () => {
      if (!server.listening) await listen(port);
    },
    seen: (method) => calls.filter((call) => method === undefined || call.method === method),
    async waitFor(method, count = 1) {
      const isSeen = () => proxy.seen(method).length >= count;
      if (isSeen()) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      const one = { isSeen, resolve };
      waiting.add(one);
      await promise;
      waiting.delete(one);
    },
    async stop() {
      proxy.release();
      await down();
    },
  };
  return proxy;
}

interface Course {
  readonly fault: Fault | undefined;
  readonly released: Promise<void>;
}

async function forward(
  target: string,
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer,
  { fault, released }: Course,
): Promise<void> {
  if (fault?.type === "garbage") return answerGarbage(request, response, fault);
  if (fault?.type === "drop" && fault.when === "before") return breakOff(response);
  if (fault?.type === "hang") {
    await released;
    return breakOff(response);
  }
  if (fault?.type === "delay" && fault.when === "before") await released;
  const answer = await answerOf(target, request, response, body);
  response.statusCode = answer.statusCode ?? 502;
  for (const [name, value] of Object.entries(answer.headers)) {
    if (value !== undefined && !PER_CONNECTION.includes(name)) response.setHeader(name, value);
  }
  if (fault === undefined) {
    // As it comes: streams of the relay stay streams.
    response.flushHeaders();
    answer.on("error", () => response.destroy());
    answer.pipe(response);
    return;
  }
  const whole = await bodyOf(answer);
  if (whole === undefined || fault.type === "drop") return breakOff(response);
  if (fault.type === "delay") await released;
  const given = fault.type === "corrupt" ? (fault.change ?? lastBitFlipped)(whole) : whole;
  response.setHeader("content-length", given.length);
  if (fault.type === "trickle") {
    response.write(given.subarray(0, given.length >> 1));
    await released;
    response.end(given.subarray(given.length >> 1));
    return;
  }
  response.end(given);
}

/** Of one connection, or not true of what is sent on. */
const PER_CONNECTION = ["connection", "keep-alive", "transfer-encoding"];

function answerOf(
  target: string,
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer,
): Promise<IncomingMessage> {
  const { origin, host } = new URL(target);
  const headers: IncomingHttpHeaders = { ...request.headers, host, connection: "close" };
  // The bytes of answers are looked at and changed, so they come as they are.
  delete headers["accept-encoding"];
  return new Promise((resolve, reject) => {
    const options = { method: request.method, headers };
    const forwarded = requestOf(new URL(request.url ?? "/", origin), options, resolve);
    forwarded.on("error", reject);
    // A caller that gave up has given up here too.
    response.on("close", () => forwarded.destroy());
    forwarded.end(body);
  });
}

function answerGarbage(
  request: IncomingMessage,
  response: ServerResponse,
  { status = 200, contentType = "application/proto", body = "\u0000garbage" }: Fault & { type: "garbage" },
): void {
  response.writeHead(status, {
    "content-type": contentType,
    // So that a page reads it, and does not stop before.
    "access-control-allow-origin": request.headers.origin ?? "*",
    "access-control-allow-credentials": "true",
  });
  response.end(body);
}

function breakOff(response: ServerResponse): void {
  response.socket?.resetAndDestroy();
}

function lastBitFlipped(body: Buffer): Buffer {
  const changed = Buffer.from(body);
  const last = changed.length - 1;
  changed[last] = (changed[last] ?? 0) ^ 1;
  return changed;
}

/** Undefined when the sender breaks off. */
async function bodyOf(message: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of message) chunks.push(chunk);
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks);
}
