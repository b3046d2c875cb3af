import type { DecodedRequest } from "../guest-api.ts";

/** What a request in work tells. */
interface RunCall {
  readonly signal: AbortSignal;
  /** It is signed and with the relay: the user has nothing more to do with it. */
  readonly onRelaying: (submissionId: string, state: string) => void;
}

/** A request that was read: what the user is shown, and what is done once they agree. Both are of the same values. */
export interface PreparedRequest {
  readonly decoded: DecodedRequest;
  /** Gives what is answered, as plain data. */
  run(call: RunCall): Promise<unknown>;
}
