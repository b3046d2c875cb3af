import type { Interceptor } from "@connectrpc/connect";
import type { HttpFilter, Logger, ServedService } from "@countersign/service-kit";
import type { Caller } from "../access/caller.ts";
import type { CommonConfig } from "../config/config.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { NearViews } from "../near/views.ts";
import type { Events } from "../observability/events.ts";
import type { Protection } from "../protection.ts";
import type { Refusal } from "../rules/rule.ts";
import type { PendingStore } from "../shared-state/pending-store.ts";
import type { AppTokens } from "./app-tokens.ts";
import type { Users } from "./ports.ts";

export interface SessionOptions {
  readonly config: Pick<CommonConfig, "session" | "rates" | "redis"> & {
    readonly listen: Pick<CommonConfig["listen"], "trustedProxies">;
  };
  readonly ledger: Ledger;
  /** Undefined for a relay that does not ask NEAR. */
  readonly views: NearViews | undefined;
  readonly protection: Pick<Protection, "directory" | "limiter" | "audit">;
  /** Undefined for a relay at which nobody signs in. */
  readonly tokens: AppTokens | undefined;
  readonly events: Events;
  readonly log: Logger;
  readonly now: () => Date;
  readonly randomBytes: (length: number) => Uint8Array;
  /** Where what users begin is kept, on a platform that has a place of its own; else what the configuration says. */
  readonly pendingStore?: PendingStore;
}

/** How users sign in, as the public port serves it. */
export interface Session {
  readonly services: readonly ServedService[];
  readonly filters: readonly HttpFilter[];
  readonly interceptors: readonly Interceptor[];
  readonly users: Users | undefined;
  /** Why a caller may not have anything taken on any more: its session has ended since it was let in. */
  withdrawal(caller: Caller): Refusal | undefined;
  /** Follows the ledger until `signal` aborts. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

const NO_SESSION: Session = {
  services: [],
  filters: [],
  interceptors: [],
  users: undefined,
  withdrawal: () => undefined,
  run: async () => undefined,
  close: async () => undefined,
};

/** Opens how users sign in; without a section of the configuration, nothing is served. */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { config, tokens } = options;
  if (config.session === undefined || tokens === undefined) return NO_SESSION;
  // With what verifies passkeys, which is large.
  const { serveSession } = await import("./serve-session.ts");
  return serveSession({ ...options, section: config.session, tokens });
}
