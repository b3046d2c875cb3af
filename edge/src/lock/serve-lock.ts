import { waitUntil } from "cloudflare:workers";
import { performance } from "node:perf_hooks";
import { LockService } from "@countersign/gen/countersign/lock/v1/lock_service_pb.ts";
import { KeyAlarm } from "@countersign/server/lock/key-alarm.ts";
import { lockService } from "@countersign/server/lock/lock-service.ts";
import { type ServedService, serve } from "@countersign/service-kit";
import { only } from "../bindings.ts";
import type { EdgeFoundation } from "../foundation.ts";
import { LockKeyVault } from "./lock-key-vault.ts";
import { SealedLockKeys } from "./sealed-lock-keys.ts";
import { Seals } from "./seals.ts";

/** How long the lock keys are waited for, in milliseconds. */
const KEYS_TIMEOUT_MS = 5_000;

/** The stored lock keys; undefined for a relay that serves no lock. */
export function openVault({ bindings, config, log }: EdgeFoundation): LockKeyVault | undefined {
  if (config.lock === undefined) return undefined;
  return new LockKeyVault({
    records: () => only(bindings.LOCK_KEYS),
    seals: new Seals(config.lock.sealingKeys),
    onUnreadable: (keyId) => log.error({ key_id: keyId }, "lock key does not open"),
    onChanged: ({ keyId, change, actor }) => log.info({ key_id: keyId, actor, change }, "lock key changed"),
  });
}

/** countersign.lock.v1.LockService; without a vault, it says LOCK_DISABLED. */
export function serveLock(
  { config, limiter, events }: EdgeFoundation,
  vault: LockKeyVault | undefined,
): ServedService {
  const keys = vault && new SealedLockKeys({ vault, elapsed: () => performance.now() });
  const alarm = new KeyAlarm({
    limiter,
    rate: config.rates.lockKeyAlarm,
    onBusy: (busy) => events.lockKeyBusy(busy),
    monotonicMs: () => performance.now(),
  });
  const none = () => Promise.reject(new Error("there is no lock"));
  return serve(
    LockService,
    lockService({
      enabled: keys !== undefined,
      keys: keys ?? { apply: none, remove: none },
      keyList: { get: () => keys?.list({ timeoutMs: KEYS_TIMEOUT_MS }) ?? none() },
      timeoutMs: KEYS_TIMEOUT_MS,
      directory: config.directory,
      limiter,
      tenantRate: config.rates.lockTenant,
      // The platform would drop what nobody waits for.
      keyAlarm: {
        note: async (keyId) => waitUntil(alarm.note(keyId)),
      },
    }),
  );
}
