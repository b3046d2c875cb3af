import type { NonDelegateAction } from "@countersign/near";

/** What one key may sign. What it does not name is refused. Deposits in yoctoNEAR, gas in gas units. */
export interface KeyPolicy {
  /** The key's network, named again so that a policy cannot be meant for another. */
  readonly network: string;
  /**
   * The key's account, named again. A key that the configuration does not list has its id and its account from the
   * store: whoever writes there could give one account's key the policy of another by a swap of their ids.
   */
  readonly accountId: string;
  readonly rate: KeyRate;
  /** The most that the key may move in a day (UTC), whatever the purpose. */
  readonly depositPerDay: bigint;
  /** The most gas that its transactions of a day (UTC) may cost, as gas-bound.ts counts it. */
  readonly gasPerDay: bigint;
  /** Actions of a transaction, and of a delegate in it. */
  readonly maxActions: number;
  readonly delegates: DelegatePolicy | undefined;
  readonly accountCreation: AccountCreationPolicy | undefined;
  /** Whether a standing admin grant can let it add and delete keys of its own account. */
  readonly keyManagement: boolean;
  readonly transfers: TransferPolicy | undefined;
}

/** A token bucket: `burst` transactions at once, `perSecond` in the long run. */
export interface KeyRate {
  readonly perSecond: number;
  readonly burst: number;
}

/** Delegates that may be relayed. Their deposits are the relayer's, who pays for the inner actions (NEP-366). */
export interface DelegatePolicy {
  readonly maxGas: bigint;
  readonly maxDeposit: bigint;
  readonly receivers: readonly ReceiverPolicy[];
  /** Kinds of inner actions. */
  readonly actions: readonly NonDelegateAction["kind"][];
}

/** Receivers of delegates, by a pattern (policy/name-patterns.ts), and the methods that may be called there. */
export interface ReceiverPolicy {
  readonly account: string;
  readonly methods: readonly string[];
}

/** Accounts that may be created: one label before a suffix, by the key's own account or by the registrar. */
export interface AccountCreationPolicy {
  /** Each with its leading dot. The key's own account creates accounts only before its own name. */
  readonly suffixes: readonly string[];
  readonly registrar: RegistrarPolicy | undefined;
  readonly maxDeposit: bigint;
  readonly maxGas: bigint;
}

/** The one contract call that creates accounts. */
export interface RegistrarPolicy {
  readonly account: string;
  readonly method: string;
  /** Whether the call may carry more arguments than the new account's name and key. */
  readonly extraArguments: boolean;
}

/** Plain transfers, for an operator who moves funds between accounts. */
export interface TransferPolicy {
  /** Accounts, no patterns. */
  readonly receivers: readonly string[];
  readonly maxDeposit: bigint;
}

/** Policies by key id, as the configuration has them; one whose name ends in "*" is for all ids that begin so. */
export type KeyPolicies = Readonly<Record<string, KeyPolicy>>;

/** Whether a policy's name stands for many keys. */
export function isPolicyPattern(name: string): boolean {
  return name.endsWith("*");
}

/** The policy of a key, or undefined: then it signs nothing. Its own name goes first, then the longest that it begins with. */
export function policyOf(policies: KeyPolicies, keyId: string): KeyPolicy | undefined {
  const name = policyNameOf(policies, keyId);
  return name === undefined ? undefined : policies[name];
}

/** Whether a policy lets the key sign anything: one that is for another network or account lets it sign nothing. */
export function hasPolicy(policies: KeyPolicies, key: NamedKey): boolean {
  const policy = policyOf(policies, key.keyId);
  return policy?.network === key.network && policy.accountId === key.accountId;
}

/**
 * Whether the key has the policy that is for all ids which begin with `prefix`: whoever chooses the rest of the id does
 * not choose the policy with it.
 */
export function hasPolicyOfPrefix(policies: KeyPolicies, key: NamedKey, prefix: string): boolean {
  const name = policyNameOf(policies, key.keyId) ?? "";
  return isPolicyPattern(name) && prefix.startsWith(stemOf(name)) && hasPolicy(policies, key);
}

interface NamedKey {
  readonly keyId: string;
  readonly network: string;
  readonly accountId: string;
}

function policyNameOf(policies: KeyPolicies, keyId: string): string | undefined {
  // A key id comes from outside, and every object has a "constructor".
  if (Object.hasOwn(policies, keyId)) return keyId;
  let longest: string | undefined;
  for (const name of Object.keys(policies)) {
    const isIts = isPolicyPattern(name) && keyId.startsWith(stemOf(name));
    if (isIts && name.length > (longest?.length ?? 0)) longest = name;
  }
  return longest;
}

function stemOf(pattern: string): string {
  return pattern.slice(0, -1);
}
