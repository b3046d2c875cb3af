import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import type * as Pkcs11Js from "pkcs11js";
import type { SessionAnswer, SessionCall } from "./session-calls.ts";
import { TokenFailure, tokenFailureOf } from "./token-failure.ts";
import { TokenSession } from "./token-session.ts";

// The thread of one session: takes calls one after another, and answers each, in the same order.

const port = parentPort as MessagePort;
const { module } = workerData as { module: string };
const session = openLibrary();
// Told in the answer to the first call.
session.catch(() => {});

port.on("message", async (call: SessionCall) => {
  port.postMessage(await answerTo(call));
});

async function answerTo({ method, args }: SessionCall): Promise<SessionAnswer> {
  try {
    const target = await session;
    const call = target[method] as (...args: unknown[]) => unknown;
    return { value: call.apply(target, [...args]) };
  } catch (error) {
    const { kind, message } = tokenFailureOf(error);
    return { failure: { kind, message } };
  }
}

async function openLibrary(): Promise<TokenSession> {
  let pkcs11js: typeof Pkcs11Js;
  try {
    pkcs11js = (await import("pkcs11js")).default;
  } catch (cause) {
    throw new TokenFailure("module", "needs pkcs11js: npm run build:addons", { cause });
  }
  return new TokenSession(pkcs11js, module);
}
