import { LockService } from "@countersign/gen/countersign/lock/v1/lock_service_pb.ts";
import { type ServedService, serve } from "@countersign/service-kit";
import type { CommonConfig } from "../config/config.ts";
import type { Events } from "../observability/events.ts";
import type { Protection } from "../protection.ts";
import { KeyAlarm } from "./key-alarm.ts";
import { KeyList } from "./key-list.ts";
import type { LockKeys } from "./lock-keys.ts";
import { lockService } from "./lock-service.ts";

export interface LockOptions {
  readonly config: Pick<CommonConfig, "lock" | "rates" | "signer">;
  readonly keys: LockKeys;
  readonly protection: Pick<Protection, "directory" | "limiter">;
  readonly events: Pick<Events, "lockKeyBusy">;
  readonly monotonicMs: () => number;
}

/**
 * countersign.lock.v1.LockService. A relay that has no lock serves it too: a wallet learns LOCK_DISABLED from it, as from its
 * signer, and not that it has mistyped a path.
 */
export function openLock({ config, keys, protection, events, monotonicMs }: LockOptions): ServedService {
  const { directory, limiter } = protection;
  const { timeoutMs } = config.signer;
  return serve(
    LockService,
    lockService({
      enabled: config.lock.enabled,
      ...{ keys, timeoutMs, directory, limiter },
      keyList: new KeyList({ keys, timeoutMs, monotonicMs }),
      tenantRate: config.rates.lockTenant,
      keyAlarm: new KeyAlarm({
        ...{ limiter, monotonicMs },
        rate: config.rates.lockKeyAlarm,
        onBusy: (busy) => events.lockKeyBusy(busy),
      }),
    }),
  );
}
