import type { LockKeys } from "./lock-keys.ts";
import type { LockWork } from "./lock-work.ts";

/** What the lock works with. */
export interface LockParts {
  readonly keys: Pick<LockKeys, "list" | "current" | "key">;
  readonly work: LockWork;
}
