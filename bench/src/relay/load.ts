import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { type Client, Code, ConnectError, createClient, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";
import { WaitUntil } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { NETWORK } from "../shared/keystore.ts";
import type { Stack } from "./stack.ts";
import type { PreSigned } from "./wallets.ts";

export type RelayClient = Client<typeof RelayService>;

/** A node HTTP/2 server takes more streams, but one connection is one TCP window and one parser. */
const CALLS_A_CONNECTION = 64;
const CALL_TIMEOUT_MS = 30_000;

/** Clients over Connect with protobuf bytes on HTTP/2, enough connections for `concurrency` calls in flight. */
export function relayClients(
  { relayUrl: baseUrl, apiKey }: Pick<Stack, "relayUrl" | "apiKey">,
  concurrency: number,
): RelayClient[] {
  const presenting: Interceptor = (next) => (request) => {
    request.header.set("authorization", `Bearer ${apiKey}`);
    return next(request);
  };
  return Array.from({ length: Math.ceil(concurrency / CALLS_A_CONNECTION) }, () =>
    createClient(
      RelayService,
      createConnectTransport({
        baseUrl,
        interceptors: [presenting],
        httpVersion: "2",
        useBinaryFormat: true,
        defaultTimeoutMs: CALL_TIMEOUT_MS,
      }),
    ),
  );
}

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
 * Submits each delegate once, waiting until ACCEPTED. In a closed loop a slow relay is asked less often. A batch that
 * fails as a whole counts as one refusal for each of its delegates.
 */
export async function submitAll(
  clients: readonly RelayClient[],
  delegates: readonly PreSigned[],
  { concurrency, batch, rate, maxMs }: LoadOptions,
): Promise<LoadResult> {
  const accepted: string[] = [];
  const acceptMs: number[] = [];
  const refused: Record<string, number> = {};
  const startedAt = Date.now();
  const start = performance.now();
  let sent = 0;

  async function caller(client: RelayClient): Promise<void> {
    while (sent < delegates.length) {
      const dueAt = rate === undefined ? performance.now() : start + (sent / rate) * 1000;
      if (dueAt - start >= maxMs) return;
      const own = delegates.slice(sent, sent + batch);
      sent += own.length;
      const early = dueAt - performance.now();
      if (early > 0) await delay(early);
      const ends = await submit(client, own);
      acceptMs.push(performance.now() - dueAt);
      for (const end of ends) {
        if ("id" in end) accepted.push(end.id);
        else refused[end.code] = (refused[end.code] ?? 0) + 1;
      }
    }
  }

  await Promise.all(
    Array.from({ length: concurrency }, (_, i) => caller(clients[i % clients.length] as RelayClient)),
  );
  return { startedAt, tookMs: performance.now() - start, sent, accepted, acceptMs, refused };
}

type End = { readonly id: string } | { readonly code: string };

/** One call for all of them. */
async function submit(client: RelayClient, delegates: readonly PreSigned[]): Promise<End[]> {
  const [first] = delegates;
  try {
    if (delegates.length === 1 && first !== undefined) {
      const request = { network: NETWORK, signedDelegate: first.signedDelegate };
      const { submission } = await client.submitDelegate({ ...request, waitUntil: WaitUntil.ACCEPTED });
      return [{ id: submission?.id ?? "" }];
    }
    const requests = delegates.map(({ signedDelegate }) => ({ signedDelegate }));
    const { results } = await client.submitDelegates({ network: NETWORK, delegates: requests });
    return results.map(({ result }) =>
      result.case === "submission"
        ? { id: result.value.id }
        : { code: result.value?.reason.toString() ?? "" },
    );
  } catch (error) {
    const code = Code[ConnectError.from(error).code];
    return delegates.map(() => ({ code }));
  }
}
