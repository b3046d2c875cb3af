import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  SubmitDelegateRequestSchema,
  SubmitDelegateResponseSchema,
  SubmitDelegatesRequestSchema,
  SubmitDelegatesResponseSchema,
} from "@countersign/gen/countersign/relay/v1/relay_pb.ts";
import { WaitUntil } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { NETWORK } from "../shared/keystore.ts";
import { callOnThread, type HttpVersion } from "./callers.ts";
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
  readonly acceptMs: readonly number[];
  /** How many calls were refused or lost, by their code. */
  readonly refused: Record<string, number>;
}

export interface LoadOptions {
  /** Calls in flight; with a rate, at most. */
  readonly concurrency: number;
  /** Delegates of one call. */
  readonly batch: number;
  /** HTTP/2 by default. */
  readonly http?: HttpVersion;
  /** Delegates a second: a call is due at its time, and its answer is late from then on. A closed loop without. */
  readonly rate?: number | undefined;
  /** No call begins after it. */
  readonly maxMs: number;
}

/**
 * Submits each delegate once, waiting until ACCEPTED, over Connect with protobuf bytes. The requests are made
 * before and the answers read after, because the callers share the machine with the relay. In a closed loop a slow
 * relay is asked less often. A batch that fails as a whole counts as one refusal for each of its delegates.
 */
export async function submitAll(
  { relayUrl, apiKey }: Pick<Stack, "relayUrl" | "apiKey">,
  delegates: readonly PreSigned[],
  { concurrency, batch, rate, maxMs, http = "2" }: LoadOptions,
): Promise<LoadResult> {
  const kind = batch === 1 ? SINGLE : BATCHED;
  const { startedAt, tookMs, callMs, answers, failures } = await callOnThread({
    relayUrl,
    http,
    method: kind.method,
    headers: { authorization: `Bearer ${apiKey}`, "connect-timeout-ms": String(CALL_TIMEOUT_MS) },
    requests: Array.from({ length: Math.ceil(delegates.length / batch) }, (_, i) =>
      kind.request(delegates.slice(i * batch, (i + 1) * batch)),
    ),
    concurrency,
    intervalMs: rate === undefined ? undefined : (batch * 1000) / rate,
    maxMs,
  });
  const accepted: string[] = [];
  const refused: Record<string, number> = {};
  const refuse = (code: string, count: number) => {
    refused[code] = (refused[code] ?? 0) + count;
  };
  for (const { place, code } of failures) refuse(code, Math.min(batch, delegates.length - place * batch));
  for (const end of answers.flatMap(kind.ends)) {
    if ("id" in end) accepted.push(end.id);
    else refuse(end.code, 1);
  }
  const sent = Math.min(callMs.length * batch, delegates.length);
  return { startedAt, tookMs, sent, accepted, acceptMs: callMs, refused };
}

type End = { readonly id: string } | { readonly code: string };

const SINGLE = {
  method: "submitDelegate" as const,
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
  method: "submitDelegates" as const,
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
