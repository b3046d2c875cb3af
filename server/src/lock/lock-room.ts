import type { Room } from "../room.ts";
import type { LockKeys } from "./lock-keys.ts";

/** A relay that does nothing but what its entrance serves, and needs the lock's keys for it. */
export function lockRoom(keys: Pick<LockKeys, "list">, { timeoutMs }: { readonly timeoutMs: number }): Room {
  return {
    network: "",
    services: [],
    checks: { signer: (signal) => keys.list({ signal, timeoutMs }) },
    webhooks: undefined,
    keyPools: undefined,
    state: () => ({}),
    run: async () => undefined,
    close: () => undefined,
  };
}
