import { randomBytes } from "node:crypto";
import { performance } from "node:perf_hooks";
import type { ServedService } from "@countersign/service-kit";
import { withdrawal } from "./access/admission.ts";
import type { Authenticator } from "./access/authenticator.ts";
import type { Caller } from "./access/caller.ts";
import type { CommonConfig } from "./config/config.ts";
import type { Foundation, Opened } from "./foundation.ts";
import { openLock } from "./lock/open-lock.ts";
import type { NearViews } from "./near/views.ts";
import { openProtection, type Protection } from "./protection.ts";
import type { Refusal } from "./rules/rule.ts";
import { openAppTokens } from "./session/app-tokens.ts";
import { openSession, type Session } from "./session/open-session.ts";

export interface EntranceOptions {
  readonly config: CommonConfig;
  readonly foundation: Foundation;
  /** Undefined for a relay that does not ask NEAR. */
  readonly views: NearViews | undefined;
  /** Asked before API keys and tokens. */
  readonly authenticators: readonly Authenticator[];
  readonly opened: Opened;
}

/** Who may call a relay, how users sign in to it, and the lock, which is open to everybody of a tenant's. */
export interface Entrance {
  readonly protection: Protection;
  readonly session: Session;
  readonly services: readonly ServedService[];
  /** Why a call that was let in may not have anything done for it any more; asked right before something is done. */
  withdrawal(caller: Caller, method: string): Refusal | undefined;
  /** Follows the ledger until `signal` aborts. Never throws. */
  run(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** Opens it. Rejects when the ledger does. */
export async function openEntrance(options: EntranceOptions): Promise<Entrance> {
  const { config, foundation, views, authenticators, opened } = options;
  const { ledger, signer, events, log, now } = foundation;
  const tokens = await openAppTokens({ config, store: ledger, events, log, now });
  const protection = await openProtection({
    ...{ config, ledger, events, log, now },
    authenticators: [...authenticators, ...(tokens ? [tokens.authenticator] : [])],
  });
  opened.push(() => protection.close());
  const session = await openSession({
    config,
    ledger,
    views,
    protection,
    tokens,
    events,
    log,
    now,
    randomBytes,
  });
  opened.push(() => session.close());
  const lock = openLock({
    ...{ config, protection, events },
    keys: signer.lockSigner,
    monotonicMs: () => performance.now(),
  });
  return {
    protection,
    session,
    services: [...session.services, lock],
    withdrawal: (caller, method) =>
      session.withdrawal(caller) ?? withdrawal(protection.directory, caller, method, now()),
    async run(signal) {
      await Promise.all([protection.run(signal), session.run(signal)]);
    },
    async close() {
      await session.close();
      await protection.close();
    },
  };
}
