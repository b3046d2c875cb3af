import { answersOfAll } from "../near/answers-of-all.ts";
import type { ChainReads } from "./never-lands.ts";
import type { LaneKey } from "./sign-batch.ts";

/** How far apart endpoints' nonces of one key may lie and both be believed. */
const PLAUSIBLE_SPREAD = 1_000_000n;

/**
 * The lowest nonce that the chain would take for a key: one above the highest that an endpoint shows. The ledger
 * never goes back below a nonce that it has given out, so one endpoint with a wild number would end the lane: an
 * answer far above the lowest one is not believed. Endpoints that are much slower than the first to answer are not waited
 * for. Throws ChainError when no endpoint answers.
 */
export async function nonceFloor(
  { views, endpointCount }: Pick<ChainReads, "views" | "endpointCount">,
  key: LaneKey,
  signal: AbortSignal,
): Promise<bigint> {
  const every = Array.from({ length: endpointCount }, (_, endpoint) => endpoint);
  const answers = await answersOfAll(every, (endpoint) =>
    views.accessKey(key.accountId, key.publicKey, "optimistic", { endpoint, signal }),
  );
  const nonces = answers.map(({ nonce }) => nonce).sort((a, b) => (a < b ? -1 : 1));
  const [lowest = 0n] = nonces;
  const believed = nonces.filter((nonce) => nonce <= lowest + PLAUSIBLE_SPREAD);
  return (believed.at(-1) ?? lowest) + 1n;
}
