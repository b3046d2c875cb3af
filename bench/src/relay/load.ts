import { connect } from "node:http2";
import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  SubmitDelegateRequestSchema,
  SubmitDelegateResponseSchema,
  SubmitDelegatesRequestSchema,
  SubmitDelegatesResponseSchema,
} from "@countersign/gen/countersign/relay/v1/relay_pb.ts";
import { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";
import { WaitUntil } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { NETWORK } from "../shared/keystore.ts";
import { CallFailedError, RawClient } from "../shared/raw-client.ts";
import { CALLS_A_CONNECTION } from "./relay-clients.ts";
import type { Stack } from "./stack.ts";
import type { PreSigned } from "./wallets.ts";

const CALL_TIMEOUT_MS = 30_000;

/** What the callers saw. */
export interface LoadResult {
  /** When the first call began, in milliseconds since the epoch. */
  readonly startedAt: number;
  /** From the first call to the last answer, in milliseconds. */
  readonly tookMs: number;
  /** How many calls were made. */
  readonly sent: number;
  /** Ids of the submissions that were accepted. */
  readonly accepted: string[];
  /** From when each call was due to its answer, in milliseconds. */
  readonly acceptMs: number[];
  /** How many calls were refused or lost, by their code. */
  readonly refused: Record<string, number>;
}

export interface LoadOptions {
  /** Calls in flight; with a rate, at most. */
  readonly concurrency: number;
  /** Delegates of one call. */
  readonly batch: number;
  /** Delegates a second: a call is due at its time, and its answer is late from then on. A closed loop without. */
  readonly rate?: number | undefined;
  /** No call begins after it. */
  readonly maxMs: number;
}

/**
 * Submits each delegate once, waiting until ACCEPTED, over Connect with protobuf bytes on HTTP/2. The requests are made
 * before and the answers read after, because the callers share the machine with the relay. In a closed loop a slow
 * relay is asked less often. A batch that fails as a whole counts as one refusal for each of its delegates.
 */
export async function submitAll(
  { relayUrl, apiKey }: Pick<Stack, "relayUrl" | "apiKey">,
  delegates: readonly PreSigned[],
  { concurrency, batch, rate, maxMs }: LoadOptions,
): Promise<LoadResult> {
  const kind = batch === 1 ? SINGLE : BATCHED;
  const requests = Array.from({ length: Math.ceil(delegates.length / batch) }, (_, i) =>
    kind.request(delegates.slice(i * batch, (i + 1) * batch)),
  );
  const headers = { authorization: `Bearer ${apiKey}`, "connect-timeout-ms": String(CALL_TIMEOUT_MS) };
  const clients = Array.from({ length: Math.ceil(concurrency / CALLS_A_CONNECTION) }, () => {
    return new RawClient(connect(relayUrl), kind.method, headers);
  });
  const answers: Uint8Array[] = [];
  const acceptMs: number[] = [];
  const refused: Record<string, number> = {};
  const refuse = (code: string, count: number) => {
    refused[code] = (refused[code] ?? 0) + count;
  };
  const startedAt = Date.now();
  const start = performance.now();
  let sent = 0;

  async function caller(client: RawClient): Promise<void> {
    while (sent < requests.length) {
      const dueAt = rate === undefined ? performance.now() : start + ((sent * batch) / rate) * 1000;
      if (dueAt - start >= maxMs) return;
      const own = sent++;
      const early = dueAt - performance.now();
      if (early > 0) await delay(early);
      try {
        answers.push(await client.call(requests[own] as Uint8Array));
      } catch (error) {
        const code = error instanceof CallFailedError ? error.code : "lost";
        refuse(code, Math.min(batch, delegates.length - own * batch));
      }
      acceptMs.push(performance.now() - dueAt);
    }
  }

  await Promise.all(
    Array.from({ length: concurrency }, (_, i) => caller(clients[i % clients.length] as RawClient)),
  );
  const tookMs = performance.now() - start;
  for (const client of clients) client.close();
  const accepted: string[] = [];
  for (const end of answers.flatMap(kind.ends)) {
    if ("id" in end) accepted.push(end.id);
    else refuse(end.code, 1);
  }
  return {
    ...{ startedAt, tookMs, accepted, acceptMs, refused },
    sent: Math.min(sent * batch, delegates.length),
  };
}

type End = { readonly id: string } | { readonly code: string };

const SINGLE = {
  method: RelayService.method.submitDelegate,
  request: ([one]: readonly PreSigned[]) =>
    toBinary(
      SubmitDelegateRequestSchema,
      create(SubmitDelegateRequestSchema, {
        ...{ network: NETWORK, waitUntil: WaitUntil.ACCEPTED },
        ...(one === undefined ? {} : { signedDelegate: one.signedDelegate }),
      }),
    ),
  ends: (answer: Uint8Array): End[] => [
    { id: fromBinary(SubmitDelegateResponseSchema, answer).submission?.id ?? "" },
  ],
};

const BATCHED = {
  method: RelayService.method.submitDelegates,
  request: (some: readonly PreSigned[]) =>
    toBinary(
      SubmitDelegatesRequestSchema,
      create(SubmitDelegatesRequestSchema, {
        network: NETWORK,
        delegates: some.map(({ signedDelegate }) => ({ signedDelegate })),
      }),
    ),
  ends: (answer: Uint8Array): End[] =>
    fromBinary(SubmitDelegatesResponseSchema, answer).results.map(({ result }) =>
      result.case === "submission"
        ? { id: result.value.id }
        : { code: result.value?.reason.toString() ?? "" },
    ),
};
