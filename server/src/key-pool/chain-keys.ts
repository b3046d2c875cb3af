import { isKeyMissing, lookFor } from "../lanes/key-presence.ts";
import type { ChainReads } from "../lanes/never-lands.ts";
import type { AccessKeyView } from "../near/views.ts";

/** An access key of an account. */
export interface AccountKey {
  readonly accountId: string;
  readonly publicKey: string;
}

/** The access keys on the chain, at its final block. Each throws ChainError. */
export interface ChainKeys {
  /** As any endpoint that is in sync shows it; "unknown" when none does. */
  find(key: AccountKey, signal: AbortSignal): Promise<"present" | "missing" | "unknown">;
  /** Whether endpoints that are in sync say, twice, that it is not there, and none says otherwise. */
  isGone(key: AccountKey, signal: AbortSignal): Promise<boolean>;
  view(key: AccountKey, signal: AbortSignal): Promise<Pick<AccessKeyView, "nonce" | "permission">>;
}

export function chainKeys(chain: Pick<ChainReads, "views" | "endpointCount">): ChainKeys {
  const named = (key: AccountKey) => ({ ...key, keyId: "" });
  return {
    find: (key, signal) => lookFor(chain, named(key), signal),
    isGone: (key, signal) => isKeyMissing(chain, named(key), signal),
    view: ({ accountId, publicKey }, signal) =>
      chain.views.accessKey(accountId, publicKey, "final", { signal }),
  };
}
