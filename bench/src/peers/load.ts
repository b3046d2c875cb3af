import { performance } from "node:perf_hooks";
import type { PreSigned } from "../relay/wallets.ts";
import type { Answer, Contender } from "./contender.ts";

/** One call as its caller saw it. Times in milliseconds. */
export interface Call {
  readonly accountId: string;
  /** "open": the caller gave up, or was told that the end is not known yet. */
  readonly outcome: "succeeded" | "failed" | "open";
  readonly tookMs: number;
  /** Since the first call began. */
  readonly endedAtMs: number;
  /** Of a failed one. */
  readonly why?: string;
}

export interface LoadOptions {
  readonly concurrency: number;
  /** No call begins later. */
  readonly windowMs: number;
  /** How long after that callers wait for their answers. */
  readonly graceMs: number;
}

/**
 * Submits delegates, each once, with `concurrency` calls in flight, until the window is over or none is left. A closed loop: a
 * caller submits its next delegate when it has an answer.
 */
export async function load(
  contender: Contender,
  delegates: readonly PreSigned[],
  { concurrency, windowMs, graceMs }: LoadOptions,
): Promise<Call[]> {
  const calls: Call[] = [];
  const start = performance.now();
  const givenUp = new AbortController();
  let sent = 0;

  async function caller(): Promise<void> {
    while (sent < delegates.length && performance.now() - start < windowMs) {
      const delegate = delegates[sent++] as PreSigned;
      const began = performance.now();
      const answer = await contender.submit(delegate, givenUp.signal).catch((error: unknown): Answer => {
        if (givenUp.signal.aborted) return { kind: "unknown" };
        throw error;
      });
      const ended = performance.now();
      calls.push({
        accountId: delegate.accountId,
        tookMs: ended - began,
        endedAtMs: ended - start,
        ...(answer.kind === "failed"
          ? { outcome: "failed", why: answer.why }
          : { outcome: answer.kind === "succeeded" ? "succeeded" : "open" }),
      });
    }
  }

  const timer = setTimeout(() => givenUp.abort(), windowMs + graceMs);
  try {
    await Promise.all(Array.from({ length: concurrency }, caller));
  } finally {
    clearTimeout(timer);
  }
  return calls;
}
