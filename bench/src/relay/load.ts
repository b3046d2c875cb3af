import { performance } from "node:perf_hooks";
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
  /** From call to answer of the accepted ones, in milliseconds. */
  readonly acceptMs: number[];
  /** How many calls were refused or lost, by their code. */
  readonly refused: Record<string, number>;
}

/**
 * Submits each delegate once, waiting until ACCEPTED, with `concurrency` calls in flight. No call begins
 * after `maxMs`. A closed loop: a slow relay is asked less often.
 */
export async function submitAll(
  clients: readonly RelayClient[],
  delegates: readonly PreSigned[],
  { concurrency, maxMs }: { concurrency: number; maxMs: number },
): Promise<LoadResult> {
  const accepted: string[] = [];
  const acceptMs: number[] = [];
  const refused: Record<string, number> = {};
  const startedAt = Date.now();
  const start = performance.now();
  let sent = 0;

  async function caller(client: RelayClient): Promise<void> {
    while (sent < delegates.length && performance.now() - start < maxMs) {
      const { signedDelegate } = delegates[sent++] as PreSigned;
      const called = performance.now();
      try {
        const request = { network: NETWORK, signedDelegate, waitUntil: WaitUntil.ACCEPTED };
        const { submission } = await client.submitDelegate(request);
        acceptMs.push(performance.now() - called);
        accepted.push(submission?.id ?? "");
      } catch (error) {
        const code = Code[ConnectError.from(error).code];
        refused[code] = (refused[code] ?? 0) + 1;
      }
    }
  }

  await Promise.all(
    Array.from({ length: concurrency }, (_, i) => caller(clients[i % clients.length] as RelayClient)),
  );
  return { startedAt, tookMs: performance.now() - start, sent, accepted, acceptMs, refused };
}
