import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { addressBucket, DomainError } from "@countersign/service-kit";
import type { Bucket, BucketLevel, Rate, RateLimiter, RateVerdict } from "../shared-state/rate-limiter.ts";
import type { TenantLimits } from "../tenant/limits.ts";
import type { Caller } from "./caller.ts";
import { setRateHeaders } from "./rate-headers.ts";

/** The rates of a relay. A tenant's limits replace those of tenant, key and user for its own calls. */
export interface DefaultRates {
  /** Calls from one address (IPv6: one /64), whoever they are. */
  readonly ip: Rate;
  /** Calls without good credentials from one address. */
  readonly failedAuth: Rate;
  readonly tenant: Rate;
  readonly key: Rate;
  /** Calls of one end user. */
  readonly user: Rate;
  /** Calls of one RPC by one tenant, so that no tenant uses up another's. */
  readonly method: Rate;
  /** Attempts to sign in from one address. */
  readonly signIn: Rate;
  /** Sign-ins that are begun from one address. */
  readonly signInBegin: Rate;
  /** Sign-ins that are begun at one tenant. */
  readonly signInTenant: Rate;
  /** Locks that one address has put on and taken off. */
  readonly lock: Rate;
}

/** Takes the tokens of one call, and tells the caller in its headers how its buckets stand. */
export class CallRates {
  readonly #limiter: RateLimiter;
  readonly #defaults: DefaultRates;
  readonly #address: string;
  readonly #headers: Headers;
  readonly #buckets: Bucket[] = [];
  readonly #levels: BucketLevel[] = [];

  constructor(limiter: RateLimiter, defaults: DefaultRates, address: string, headers: Headers) {
    this.#limiter = limiter;
    this.#defaults = defaults;
    this.#address = addressBucket(address);
    this.#headers = headers;
  }

  /** @throws RATE_LIMITED */
  forAddress(): Promise<void> {
    return this.#take([{ name: "ip", key: this.#address, rate: this.#defaults.ip }]);
  }

  /** As many again for health. @throws RATE_LIMITED */
  forProbe(): Promise<void> {
    return this.#take([{ name: "health", key: this.#address, rate: this.#defaults.ip }]);
  }

  /**
   * For a call whose credentials were refused. Good credentials from the same address go on: secrets of 256 bits are
   * not guessed, so what this bounds is what failures cost us and fill the audit log with.
   *
   * @throws RATE_LIMITED
   */
  forFailedCredentials(): Promise<void> {
    return this.#take([{ name: "failed-auth", key: this.#address, rate: this.#defaults.failedAuth }]);
  }

  /** For an attempt to sign in, good or bad. @throws RATE_LIMITED */
  forSignIn(): Promise<void> {
    return this.#take([{ name: "sign-in", key: this.#address, rate: this.#defaults.signIn }]);
  }

  /** For a sign-in that is begun, before it counts at its tenant. @throws RATE_LIMITED */
  forBeginning(): Promise<void> {
    return this.#take([{ name: "sign-in-begin", key: this.#address, rate: this.#defaults.signInBegin }]);
  }

  /** For a lock that is put on or taken off, before it counts at its tenant. @throws RATE_LIMITED */
  forLock(): Promise<void> {
    return this.#take([{ name: "lock", key: this.#address, rate: this.#defaults.lock }]);
  }

  /** @throws RATE_LIMITED */
  forCaller({ tenant, keyId, endUser }: Caller, method: string, { rates }: TenantLimits): Promise<void> {
    const defaults = this.#defaults;
    const buckets: [Bucket, ...Bucket[]] = [
      { name: "tenant", key: tenant, rate: rates.tenant ?? defaults.tenant },
      { name: "method", key: `${tenant}/${method}`, rate: defaults.method },
    ];
    if (keyId !== null) buckets.push({ name: "key", key: keyId, rate: rates.key ?? defaults.key });
    if (endUser !== null) {
      buckets.push({ name: "user", key: `${tenant}/${endUser}`, rate: rates.user ?? defaults.user });
    }
    return this.#take(buckets);
  }

  /** Whether so many more calls could ever come at once with this one. @throws REQUEST_TOO_LARGE */
  assertHolds(calls: number): void {
    for (const { name, rate } of this.#buckets) {
      if (calls < rate.burst) continue;
      throw new DomainError(
        ErrorReason.REQUEST_TOO_LARGE,
        `this counts as ${calls + 1} calls, and at most ${rate.burst} may come at once (${name})`,
      );
    }
  }

  /** For so many more calls at once, as those that were counted: takes from the same buckets. @throws RATE_LIMITED */
  async forMore(calls: number): Promise<void> {
    const [first, ...others] = this.#buckets;
    if (first === undefined) throw new Error("nothing has counted this call");
    const verdict = await this.#limiter.take([first, ...others], calls);
    setRateHeaders(this.#headers, this.#buckets, [verdict.tightest]);
    assertAllowed(verdict);
  }

  async #take(buckets: readonly [Bucket, ...Bucket[]]): Promise<void> {
    const verdict = await this.#limiter.take(buckets);
    this.#buckets.push(...buckets);
    this.#levels.push(verdict.tightest);
    setRateHeaders(this.#headers, this.#buckets, this.#levels);
    assertAllowed(verdict);
  }
}

function assertAllowed({ refusal }: RateVerdict): void {
  if (refusal === undefined) return;
  throw new DomainError(ErrorReason.RATE_LIMITED, `too many calls (${refusal.name})`, {
    retryAfterMs: refusal.retryAfterMs,
  });
}
