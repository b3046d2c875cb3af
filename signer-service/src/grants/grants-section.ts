import { z } from "zod";
import { trustedKeyList } from "./trusted-keys.ts";

/** The configuration's `grants`: whether every transaction needs a grant of the relay, and whose signatures count. */
export const grantsSection = z
  .strictObject({ required: z.boolean().default(true), keys: trustedKeyList.default([]) })
  .prefault({})
  .refine(({ required, keys }) => !required || keys.length > 0, {
    path: ["keys"],
    message: "needs a key: without one no grant can be verified (or set required: false)",
  });

/** The configuration's `admin_keys`: the public keys of the operators who sign admin grants. */
export const adminKeysSection = trustedKeyList.default([]);

/** The id of an admin key that is a grant key too, or null. A relay must hold no key that signs admin grants. */
export function findSharedKey(
  grants: z.output<typeof grantsSection>,
  adminKeys: z.output<typeof adminKeysSection>,
): string | null {
  const ofRelays = new Set(grants.keys.map((key) => key.public_key));
  return adminKeys.find((key) => ofRelays.has(key.public_key))?.id ?? null;
}
