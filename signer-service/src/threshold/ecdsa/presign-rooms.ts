import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import type { ThresholdConfig } from "../threshold-config.ts";

type Limits = Pick<ThresholdConfig["presign"], "concurrent" | "concurrentPerTenant">;

/** Several steps take about this long, in milliseconds. */
const RETRY_MS = 500;

/** How many steps of presigning run in this process, and for which tenants: each keeps a core busy. */
export class PresignRooms {
  readonly #running = new Map<string, number>();
  #total = 0;

  /** Runs `work` while there is room for it. Throws PRESIGN_BUSY when there is none. */
  async within<T>(tenant: string, limits: Limits, work: () => Promise<T>): Promise<T> {
    const running = this.#running.get(tenant) ?? 0;
    if (running >= limits.concurrentPerTenant) throw busy("tenant");
    if (this.#total >= limits.concurrent) throw busy("signer");
    this.#count(tenant, 1);
    try {
      return await work();
    } finally {
      this.#count(tenant, -1);
    }
  }

  #count(tenant: string, by: 1 | -1): void {
    this.#total += by;
    const running = (this.#running.get(tenant) ?? 0) + by;
    if (running === 0) this.#running.delete(tenant);
    else this.#running.set(tenant, running);
  }
}

function busy(whose: "tenant" | "signer"): DomainError {
  const message = `the ${whose} makes as many presignatures as it may at the same time`;
  return new DomainError(ErrorReason.PRESIGN_BUSY, message, { retryAfterMs: RETRY_MS, subject: whose });
}
