import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import type { Caller } from "../caller.ts";
import type { ThresholdConfig } from "../threshold-config.ts";

type Limits = Pick<ThresholdConfig["presign"], "concurrent" | "concurrentPerTenant" | "concurrentPerUser">;

/** Several steps take about this long, in milliseconds. */
const RETRY_MS = 500;

/** How many steps of presigning run in this process, for which tenants and users: each keeps a core busy. */
export class PresignRooms {
  readonly #ofTenants = new Map<string, number>();
  readonly #ofUsers = new Map<string, number>();
  #total = 0;

  /** Runs `work` while there is room for it. Throws PRESIGN_BUSY when there is none. */
  async within<T>(
    { tenant, user }: Pick<Caller, "tenant" | "user">,
    limits: Limits,
    work: () => Promise<T>,
  ): Promise<T> {
    const ofUser = JSON.stringify([tenant, user]);
    if ((this.#ofUsers.get(ofUser) ?? 0) >= limits.concurrentPerUser) throw busy("user");
    if ((this.#ofTenants.get(tenant) ?? 0) >= limits.concurrentPerTenant) throw busy("tenant");
    if (this.#total >= limits.concurrent) throw busy("signer");
    const count = (by: 1 | -1) => {
      this.#total += by;
      add(this.#ofTenants, tenant, by);
      add(this.#ofUsers, ofUser, by);
    };
    count(1);
    try {
      return await work();
    } finally {
      count(-1);
    }
  }
}

function add(running: Map<string, number>, whose: string, by: 1 | -1): void {
  const sum = (running.get(whose) ?? 0) + by;
  if (sum === 0) running.delete(whose);
  else running.set(whose, sum);
}

function busy(whose: "user" | "tenant" | "signer"): DomainError {
  const message = `the ${whose} makes as many presignatures as it may at the same time`;
  return new DomainError(ErrorReason.PRESIGN_BUSY, message, { retryAfterMs: RETRY_MS, subject: whose });
}
