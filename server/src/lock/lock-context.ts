import type { Rate, RateLimiter } from "../shared-state/rate-limiter.ts";
import type { Directory } from "../tenant/directory.ts";
import type { KeyAlarm } from "./key-alarm.ts";
import type { KeyList } from "./key-list.ts";
import type { LockKeys } from "./lock-keys.ts";

/** What the handlers of LockService work with. */
export interface LockContext {
  /** Whether this relay serves locks at all. */
  readonly enabled: boolean;
  readonly keys: Pick<LockKeys, "apply" | "remove">;
  readonly keyList: Pick<KeyList, "get">;
  /** The longest that the keys are waited for, in milliseconds. */
  readonly timeoutMs: number;
  readonly directory: Pick<Directory, "access" | "pauses">;
  readonly limiter: RateLimiter;
  /** Of locks that one tenant's callers have put on and taken off. */
  readonly tenantRate: Rate;
  readonly keyAlarm: Pick<KeyAlarm, "note">;
}
