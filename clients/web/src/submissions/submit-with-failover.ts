import { type CallOptions, Code } from "@connectrpc/connect";
import type { Submission } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { WaitUntil } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { unlessAborted } from "../clock.ts";
import { type CountersignError, errorOf } from "../countersign-error.ts";
import type { RelayClient } from "../relay-client.ts";
import { cancelled } from "../wallet/app-session.ts";
import type { ViewAccessKey } from "../wallet/view-access-key.ts";

/** How long a relay that cannot be reached has to say whether it has a submission, in milliseconds. */
const ASK_MS = 3_000;

/** How long the chain has to say whether it has a submission, in milliseconds. */
const CHAIN_MS = 5_000;

/** One relay of a federation. */
export interface FederatedRelay {
  /** Repeats calls. */
  readonly client: RelayClient;
  /** Makes each call once. */
  readonly once: RelayClient;
}

/** A method by which a relay takes on a submission. */
export interface Submitting<Request, Response> {
  call(relay: RelayClient, request: Request, options: CallOptions): Promise<Response>;
  /** Why the request must not be sent anywhere else, as the chain has it. Throws when the chain gives no answer. */
  landed(
    request: Request,
    near: ViewAccessKey,
    signal: AbortSignal | undefined,
  ): Promise<CountersignError | undefined>;
}

/**
 * Gives a submission to the first relay that can be reached, the same bytes and idempotency key to each. Before the next
 * one gets it, the relay is asked once more whether it has it, and when it gives no answer, the chain. So:
 *
 * - what a relay refuses, for whatever reason, is refused: only UNAVAILABLE and DEADLINE_EXCEEDED lead on;
 * - what landed is never sent again: the error is the chain's, with the relay's as cause;
 * - while neither relay nor chain answers, nothing is sent: the error is the relay's;
 * - a peer that only takes off locks, or does not know the credentials, is passed over.
 *
 * A call's `timeoutMs` is each relay's.
 */
export async function submitWithFailover<
  Request extends { waitUntil?: WaitUntil },
  Response extends { submission?: Submission | undefined },
>(
  relays: readonly FederatedRelay[],
  { call, landed }: Submitting<Request, Response>,
  near: ViewAccessKey,
  request: Request,
  options: CallOptions,
): Promise<{ response: Response; relay: RelayClient }> {
  let unreachable: CountersignError | undefined;
  for (const { client, once } of relays) {
    try {
      return { response: await call(client, request, options), relay: client };
    } catch (thrown) {
      if (unreachable !== undefined && isOfNoUse(thrown)) continue;
      unreachable = unlessAnswered(thrown);
    }
    const asked = await call(once, { ...request, waitUntil: WaitUntil.ACCEPTED }, soon(options)).catch(
      (thrown: unknown) => void unlessAnswered(thrown),
    );
    if (asked !== undefined) {
      // The relay has it, so no other one gets it, whatever becomes of the wait for its state.
      const enough = (request.waitUntil ?? WaitUntil.ACCEPTED) <= WaitUntil.ACCEPTED;
      return { response: enough ? asked : await call(client, request, options), relay: client };
    }
    const there = await soonFromChain((signal) => landed(request, near, signal), options.signal).catch(
      (thrown: unknown) => {
        throw options.signal?.aborted ? thrown : unreachable;
      },
    );
    if (there !== undefined) throw withCause(there, unreachable);
  }
  throw unreachable;
}

/** What the chain says, unless it takes too long. Throws CANCELED when the signal aborts. */
function soonFromChain<T>(
  ask: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  const soon = AbortSignal.timeout(CHAIN_MS);
  const either = signal === undefined ? soon : AbortSignal.any([signal, soon]);
  return unlessAborted(ask(either), either).catch((thrown: unknown) => {
    throw signal?.aborted ? cancelled(signal) : thrown;
  });
}

/** The error of a relay that gave no answer of its own, or cannot take on anything now. Throws every other one. */
function unlessAnswered(thrown: unknown): CountersignError {
  const error = errorOf(thrown);
  if (error.code === Code.Unavailable || error.code === Code.DeadlineExceeded) return error;
  throw error;
}

/** Whether a peer does not do this, or not for these credentials: it says nothing about the submission. */
function isOfNoUse(thrown: unknown): boolean {
  const { code } = errorOf(thrown);
  return code === Code.Unimplemented || code === Code.Unauthenticated;
}

function soon(options: CallOptions): CallOptions {
  const { timeoutMs = 0 } = options;
  return { ...options, timeoutMs: timeoutMs > 0 ? Math.min(timeoutMs, ASK_MS) : ASK_MS };
}

function withCause(error: CountersignError, cause: CountersignError): CountersignError {
  error.cause ??= cause;
  return error;
}
