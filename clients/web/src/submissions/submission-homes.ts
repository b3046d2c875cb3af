import type { Submission } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import type { RelayClient } from "../relay-client.ts";

/** How many submissions of peers are remembered; who is given more forgets the oldest. */
const MOST = 10_000;

/** Which relay has which submission. Those of the first relay need no entry. */
export class SubmissionHomes {
  readonly #first: RelayClient;
  readonly #peers = new Map<string, RelayClient>();

  constructor(first: RelayClient) {
    this.#first = first;
  }

  remember(submission: Submission | undefined, relay: RelayClient): void {
    if (submission === undefined || relay === this.#first) return;
    this.#peers.set(submission.id, relay);
    for (const oldest of this.#peers.keys()) {
      if (this.#peers.size <= MOST) break;
      this.#peers.delete(oldest);
    }
  }

  /** The relay to ask about a submission. */
  of(submissionId: string | undefined): RelayClient {
    return this.#peers.get(submissionId ?? "") ?? this.#first;
  }
}
