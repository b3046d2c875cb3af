import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import type * as Pkcs11Js from "pkcs11js";
import { answerUntilEnd } from "../../threads/end.ts";
import type { SessionAnswer, SessionCall } from "./session-calls.ts";
import { TokenFailure, tokenFailureOf } from "./token-failure.ts";
import { TokenSession } from "./token-session.ts";

// The thread of one session: takes calls one after another, and answers them in the same order.

/** How long an answer waits for those of the calls that came with its own, in milliseconds. */
const ANSWERS_WITHIN_MS = 5;

const port = parentPort as MessagePort;
const { module, leaves } = workerData as { module: string; leaves: Int32Array };
/** Gives the session, or throws what keeps it from being opened: the answer to every call. */
const opened = openLibrary().then(
  (session) => () => session,
  (error: unknown) => () => {
    throw error;
  },
);

answerUntilEnd(port, async (calls: readonly SessionCall[]) => {
  const session = await opened;
  let answers: SessionAnswer[] = [];
  let since = performance.now();
  for (const call of calls) {
    if (Atomics.load(leaves, 0) !== 0) return;
    answers.push(answerTo(session, call));
    if (performance.now() - since < ANSWERS_WITHIN_MS) continue;
    port.postMessage(answers);
    answers = [];
    since = performance.now();
  }
  if (answers.length > 0) port.postMessage(answers);
});

function answerTo(session: () => TokenSession, { method, args }: SessionCall): SessionAnswer {
  try {
    const target = session();
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
