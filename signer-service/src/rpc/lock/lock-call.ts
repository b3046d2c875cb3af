import type { DescMessage, DescMethodUnary, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError, requestIdKey } from "@countersign/service-kit";
import type { LockParts } from "../../lock/lock-parts.ts";
import type { SignerEvents } from "../../observability/events.ts";
import { toldKey } from "../refused-calls.ts";

export interface LockCallOptions {
  readonly parts: LockParts;
  readonly events: Pick<SignerEvents, "lockAnswered">;
  /** Monotonic clock in milliseconds. */
  readonly now: () => number;
}

/** Makes a method's handler of what it answers. */
export type ServeLock = <I extends DescMessage, O extends DescMessage>(
  method: DescMethodUnary<I, O>,
  handle: (parts: LockParts, message: MessageShape<I>) => Promise<MessageInitShape<O>>,
) => (message: MessageShape<I>, context: HandlerContext) => Promise<MessageInitShape<O>>;

/**
 * The way that all of LockSignerService's methods go: with the log and the metrics of each call. The audit has none of
 * them: anybody may call as often as the relay's rates let them, and nothing that happens here can be undone or abused.
 */
export function serveLock({ parts, events, now }: LockCallOptions): ServeLock {
  return (method, handle) =>
    async (message, { values }) => {
      const started = now();
      const about = { requestId: values.get(requestIdKey), method: method.name };
      try {
        const answer = await handle(parts, message);
        events.lockAnswered({ ...about, durationMs: now() - started });
        return answer;
      } catch (error) {
        const refusal =
          error instanceof DomainError
            ? error
            : new DomainError(ErrorReason.INTERNAL, "the signer failed", { cause: error });
        values.set(toldKey, true);
        events.lockAnswered({ ...about, refusal, durationMs: now() - started });
        throw refusal;
      }
    };
}
