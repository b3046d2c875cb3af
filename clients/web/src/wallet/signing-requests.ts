import type { Clock } from "../clock.ts";
import { errorOf } from "../countersign-error.ts";
import { pauseAfter, type RetryPolicy } from "../retry-policy.ts";
import { waitFor } from "../retrying-transport.ts";
import { sameBytes } from "../vault/same-bytes.ts";
import { untrue } from "./wallet-errors.ts";

/** Refuses requests that are not for the wallet's own digests, one each and in their order, with DIGEST_MISMATCH. */
export function assertDigests(
  requests: readonly { readonly digest: Uint8Array }[],
  digests: readonly Uint8Array[],
): void {
  const isOurs =
    requests.length === digests.length &&
    requests.every(({ digest }, i) => sameBytes(digest, digests[i] ?? new Uint8Array()));
  if (isOurs) return;
  throw untrue("DIGEST_MISMATCH", "the signer would sign something else than what was asked for");
}

/**
 * How long to wait before a round is tried another time, in milliseconds: as for other calls; also at once, the first time,
 * when the access token had expired, which the next call renews. Undefined when the error is to be handed on.
 */
export function pauseBeforeAnother(...of: Parameters<typeof pauseAfter>): number | undefined {
  const [error, failures] = of;
  return error.reason === "CREDENTIALS_EXPIRED" && failures === 1 ? 0 : pauseAfter(...of);
}

/**
 * Makes a call of a round, and the identical call again for as long as the policy allows it. For calls whose identical
 * repetition gives the identical answer.
 */
export async function untilAnswered<T>(
  call: () => Promise<T>,
  { policy, clock }: { readonly policy: RetryPolicy; readonly clock: Clock },
  signal: AbortSignal | undefined,
): Promise<T> {
  for (let failures = 1; ; failures++) {
    try {
      return await call();
    } catch (thrown) {
      const error = errorOf(thrown);
      const pause = pauseBeforeAnother(error, failures, policy, clock.random);
      if (pause === undefined) throw error;
      await waitFor(pause, signal, clock);
    }
  }
}
