import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { toConnectError } from "./connect-errors.ts";
import { DomainError } from "./domain-error.ts";

/** A body of at most this many bytes is small: it finds room where large ones find none any more. */
const SMALL_BYTES = 65_536;
/** Of the budget, what large bodies leave to the small ones. */
const SMALL_SHARE = 1 / 8;

/** The least that a server's budget is unless it is told, in bytes. */
const LEAST_DEFAULT_BYTES = 64 * 1024 * 1024;

/** The budget of a server that names none, in bytes: some of the largest messages at once, and at least 64 MiB. */
export function defaultBodiesMaxBytes(readMaxBytes: number): number {
  return Math.max(LEAST_DEFAULT_BYTES, 8 * readMaxBytes);
}

/**
 * The bytes that the request bodies of a server take together, from when they arrive until their calls are answered:
 * what a handler reads are views of them. Connections and streams multiply what one call may send; this is what
 * bounds the sum. Nobody waits for room: who finds none is refused, so that calls cannot block each other.
 */
export class BodyBudget {
  readonly #max: number;
  #held = 0;

  /** @param maxBytes never exceeded; bodies above 64 KiB leave an eighth of it to smaller ones. */
  constructor(maxBytes: number) {
    this.#max = maxBytes;
  }

  /** What all calls have taken and not given back. */
  get heldBytes(): number {
    return this.#held;
  }

  /** The share of one call: empty, and without a bound of its own. */
  open(requestId: string): BodyShare {
    let taken = 0;
    let ended = false;
    const giveBack = () => {
      ended = true;
      this.#held -= taken;
      taken = 0;
    };
    const take = (bytes: number) => {
      if (ended) throw new ConnectError("the call has ended", Code.Canceled);
      const max = taken + bytes <= SMALL_BYTES ? this.#max : this.#max * (1 - SMALL_SHARE);
      if (this.#held + bytes > max) {
        // At once, or calls that arrive side by side would all fail for want of each other's room.
        giveBack();
        const message = "the requests that arrive now are too large together";
        throw toConnectError(new DomainError(ErrorReason.OVERLOADED, message), requestId);
      }
      taken += bytes;
      this.#held += bytes;
    };
    return { take, giveBack };
  }
}

/** What one call has of a budget. */
export interface BodyShare {
  /**
   * Throws a ConnectError that goes over the wire as it is: OVERLOADED when there is no room for so many bytes. Then all
   * that was taken is given back, for the call has failed.
   */
  take(bytes: number): void;
  /** Gives back all that was taken; nothing can be taken afterwards. May be called again. */
  giveBack(): void;
}
