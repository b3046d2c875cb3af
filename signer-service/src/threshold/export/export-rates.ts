import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import type { ThresholdConfig } from "../threshold-config.ts";
import type { KeyOwner } from "../threshold-store.ts";

const HOUR_MS = 3_600_000;

/**
 * How many shares left this process within an hour, by tenant and by user. It holds a mass export back and is no
 * promise: several signer processes count apart, and a restart forgets.
 */
export class ExportRates {
  readonly #now: () => number;
  /** Oldest first; as many as the tenant may have. */
  readonly #recent = new Map<string, { readonly user: string; readonly at: number }[]>();

  /** `now` is a monotonic clock in milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Counts an export, or throws RATE_LIMITED. */
  take({ tenant, user }: KeyOwner, { userPerHour, tenantPerHour }: ThresholdConfig["exports"]): void {
    const now = this.#now();
    const recent = (this.#recent.get(tenant) ?? []).filter(({ at }) => now - at < HOUR_MS);
    this.#recent.set(tenant, recent);
    assertRoom(recent, tenantPerHour, "tenant", now);
    const own = recent.filter((one) => one.user === user);
    assertRoom(own, userPerHour, "user", now);
    recent.push({ user, at: now });
  }
}

function assertRoom(
  recent: readonly { readonly at: number }[],
  max: number,
  whose: string,
  now: number,
): void {
  // Of those that count, the one that has to be an hour old before there is room.
  const inTheWay = recent.at(-max);
  if (recent.length < max || inTheWay === undefined) return;
  throw new DomainError(ErrorReason.RATE_LIMITED, `a ${whose} exports at most ${max} shares an hour`, {
    retryAfterMs: Math.max(1, Math.ceil(inTheWay.at + HOUR_MS - now)),
    subject: whose,
  });
}
