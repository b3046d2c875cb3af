import { setTimeout as delay } from "node:timers/promises";
import { ChainError } from "../near/chain-error.ts";
import type { ChainReads } from "./never-lands.ts";
import type { LaneKey } from "./sign-batch.ts";

/** Time between the two looks for a key, in milliseconds: nodes behind one URL may be a few blocks apart. */
const SECOND_LOOK_MS = 1_500;

/**
 * Whether the chain has deleted an access key, or never had it: endpoints that are in sync say so of a final block, and
 * no endpoint that answers says otherwise, twice. Without answers it is not.
 */
export async function isKeyMissing(
  chain: Pick<ChainReads, "views" | "endpointCount">,
  key: LaneKey,
  signal: AbortSignal,
): Promise<boolean> {
  if ((await lookFor(chain, key, signal)) !== "missing") return false;
  await delay(SECOND_LOOK_MS, undefined, { signal });
  return (await lookFor(chain, key, signal)) === "missing";
}

/** Whether the chain has the key: as any endpoint that is in sync shows it. */
export async function lookFor(
  { views, endpointCount }: Pick<ChainReads, "views" | "endpointCount">,
  { accountId, publicKey }: LaneKey,
  signal: AbortSignal,
): Promise<"present" | "missing" | "unknown"> {
  const words = await Promise.all(
    Array.from({ length: endpointCount }, async (_, endpoint) => {
      try {
        const { syncing } = await views.status({ endpoint, signal });
        if (syncing) return "unknown";
        await views.accessKey(accountId, publicKey, "final", { endpoint, signal });
        return "present";
      } catch (error) {
        if (!(error instanceof ChainError)) throw error;
        return error.kind === "unknown-access-key" ? "missing" : "unknown";
      }
    }),
  );
  if (words.includes("present")) return "present";
  return words.includes("missing") ? "missing" : "unknown";
}
