import { z } from "zod";
import type { Problem } from "./with-problems.ts";

const keys = z.int().min(1).max(256);

/** Which keys of an account the relay makes and gives up itself, and when. */
export const poolSection = z
  .strictObject({
    key_id_prefix: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/, "must be how key ids begin: 1 to 40 of A-Z a-z 0-9 . _ -"),
    min_keys: keys.optional(),
    max_keys: keys.optional(),
    grow_after_ms: z.int().min(1_000).max(3_600_000).default(10_000),
    shrink_after_ms: z.int().min(1_000).max(86_400_000).default(900_000),
  })
  .superRefine(({ min_keys, max_keys }, context) => {
    const refuse = (field: string, message: string) =>
      context.addIssue({ code: "custom", path: [field], message });
    if ((min_keys === undefined) !== (max_keys === undefined)) {
      refuse(min_keys === undefined ? "min_keys" : "max_keys", "min_keys and max_keys go together");
    } else if (min_keys !== undefined && max_keys !== undefined && max_keys < min_keys) {
      refuse("max_keys", "must be at least min_keys");
    }
  });

interface Pooled {
  readonly key_ids: readonly string[];
  readonly pool?: { readonly key_id_prefix: string } | undefined;
}

/** A key's id tells which account's pool it belongs to. */
export function* poolProblems(relayers: readonly Pooled[]): Generator<Problem> {
  for (const [i, { pool }] of relayers.entries()) {
    if (pool === undefined) continue;
    const path = ["relayers", i, "pool", "key_id_prefix"];
    const others = relayers.filter((_, j) => j !== i);
    if (others.some((other) => other.pool?.key_id_prefix.startsWith(pool.key_id_prefix))) {
      yield { path, message: "must not begin another account's key_id_prefix" };
    }
    if (others.some((other) => other.key_ids.some((id) => id.startsWith(pool.key_id_prefix)))) {
      yield { path, message: "must not begin a key id of another account" };
    }
  }
}
