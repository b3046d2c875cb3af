import type { NewKeyNames } from "../backends/backend.ts";
import type { AdminGrant, KeyPoolGrant } from "../grants/admin-grants.ts";
import type { AccountKey, AccountStanding } from "../keys/account-standing.ts";
import type { KeyRecord } from "../keys/key-records.ts";
import { canMove } from "../keys/key-states.ts";
import { policyDenied } from "../policy/refusals.ts";

/** What the rules look at, at one moment. */
export interface PoolFacts extends Pick<AccountStanding, "network" | "accountId" | "keys" | "claimed"> {
  /** Admin grants that were verified and hold now. */
  readonly grants: readonly AdminGrant[];
  /** Whether this signer holds a key and a policy is for it. */
  readonly isServed: (key: KeyRecord) => boolean;
  /** Whether a key has the policy that all ids which begin with a grant's prefix have. */
  readonly hasPolicyOfPrefix: (key: NewKeyNames, prefix: string) => boolean;
  readonly now: Date;
}

/** The grant that allows what a relay asks for. */
export interface PoolPermit {
  readonly grantId: string;
  readonly pool: KeyPoolGrant;
}

/** Keys that relays may have made within a day beyond the pool's size: what is retired makes room for another. */
const DAY_MS = 86_400_000;
const LEAST_PER_DAY = 32;

/** Each of the following throws SIGNER_POLICY_DENIED for what no grant allows. */

/** Whether a relay may have a key made, or be told again of one that it had made. */
export function permitGenerate(names: NewKeyNames, facts: PoolFacts): PoolPermit {
  const { keyId } = names;
  return permit(facts, (pool) => {
    if (!keyId.startsWith(pool.keyIdPrefix)) return notOfPool(keyId, pool);
    if (facts.keys.some((key) => key.keyId === keyId)) return null;
    if (!facts.hasPolicyOfPrefix(names, pool.keyIdPrefix)) return hasNoPolicy(names, pool);
    const living = facts.keys.filter(({ state }) => state === "PENDING" || state === "ACTIVE").length;
    const claimed = facts.claimed.filter((id) => id !== keyId && !isKnown(facts, id)).length;
    if (living + claimed >= pool.maxKeys) {
      return `the account has ${living + claimed} keys that are pending or active, and its grant allows ${pool.maxKeys}`;
    }
    const perDay = Math.max(LEAST_PER_DAY, 2 * pool.maxKeys);
    if (madeWithinDay(facts) + claimed >= perDay) {
      return `relays had ${perDay} keys of the account made within a day`;
    }
    return null;
  });
}

/** Whether a relay may make the key active; one that is active stays as it is. */
export function permitActivate(key: AccountKey, facts: PoolFacts): PoolPermit {
  return permit(facts, (pool) => {
    if (!key.keyId.startsWith(pool.keyIdPrefix)) return notOfPool(key.keyId, pool);
    if (!canMove(key.state, "ACTIVE")) return null;
    if (key.pauseReason !== null) return isPaused(key);
    // Its floor comes from a relay: with an older key, one that is too low would let a used nonce be signed again.
    if (!key.isMadeInThisLife) {
      return `the key ${key.keyId} was not made for a relay since the store's life began: an operator activates it`;
    }
    if (!facts.hasPolicyOfPrefix(key, pool.keyIdPrefix)) return hasNoPolicy(key, pool);
    return null;
  });
}

/** Whether a relay may drain the key; one that is not active is left to its state. */
export function permitDrain(key: AccountKey, facts: PoolFacts): PoolPermit {
  return permit(facts, (pool) => {
    if (!canMove(key.state, "DRAINED")) return null;
    if (key.pauseReason !== null) return isPaused(key);
    const others = facts.keys.filter((other) => other.keyId !== key.keyId && canSign(other, facts)).length;
    if (others >= pool.minActive) return null;
    return `without the key ${key.keyId} the account has ${others} keys that can sign, and its grant asks for ${pool.minActive}`;
  });
}

/** Whether a relay may retire the key. */
export function permitRetire(key: AccountKey, facts: PoolFacts): PoolPermit {
  return permit(facts, (pool) =>
    key.state === "PENDING" && !key.keyId.startsWith(pool.keyIdPrefix) ? notOfPool(key.keyId, pool) : null,
  );
}

/** The first grant that allows it; `refusal` says why one does not. */
function permit(facts: PoolFacts, refusal: (pool: KeyPoolGrant) => string | null): PoolPermit {
  const { network, accountId, grants } = facts;
  let first: string | null = null;
  for (const { id, allows } of grants) {
    if (allows.kind !== "key_management" || allows.pool === undefined) continue;
    if (allows.network !== network || allows.accountId !== accountId) continue;
    const refused = refusal(allows.pool);
    if (refused === null) return { grantId: id, pool: allows.pool };
    first ??= refused;
  }
  throw policyDenied(
    first ?? `no admin grant lets relays take keys of ${accountId} on ${network} through their lives now`,
  );
}

function canSign(key: AccountKey, { isServed }: PoolFacts): boolean {
  const { state, pauseReason, nonceFloor } = key;
  return state === "ACTIVE" && pauseReason === null && nonceFloor !== null && isServed(key);
}

function isKnown({ keys }: PoolFacts, keyId: string): boolean {
  return keys.some((key) => key.keyId === keyId);
}

function madeWithinDay({ keys, now }: PoolFacts): number {
  const since = now.getTime() - DAY_MS;
  return keys.filter(({ madeAt }) => madeAt !== null && madeAt.getTime() > since).length;
}

function notOfPool(keyId: string, { keyIdPrefix }: KeyPoolGrant): string {
  return `the key ${keyId} is not one of relays': their ids begin with ${keyIdPrefix}`;
}

/** A relay chooses what comes after the prefix: with it, it would choose among policies. */
function hasNoPolicy({ keyId, network, accountId }: NewKeyNames, { keyIdPrefix }: KeyPoolGrant): string {
  return `the key ${keyId} has no policy of ${accountId} on ${network} that is for all keys of ${keyIdPrefix}*`;
}

function isPaused({ keyId, pauseReason }: KeyRecord): string {
  return `the key ${keyId} is paused: ${pauseReason}`;
}
