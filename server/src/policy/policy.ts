/** What the relay pays for on a tenant's behalf: see Policy in countersign/admin/v1/policy.proto. */
export interface Policy {
  readonly allowedOrigins: readonly string[];
  /** Undefined for none. */
  readonly delegates: DelegatePolicy | undefined;
  /** Undefined for none. */
  readonly accounts: AccountPolicy | undefined;
}

/** Gas in gas units, deposits in yoctoNEAR. */
export interface DelegatePolicy {
  readonly allow: readonly Target[];
  readonly deny: readonly Target[];
  readonly actionKinds: readonly string[];
  /** Undefined for the relay's own limit. */
  readonly maxGas: bigint | undefined;
  readonly maxDeposit: bigint;
  /** Undefined for none. */
  readonly condition: Condition | undefined;
}

export interface Target {
  readonly receiver: string;
  readonly methods: readonly string[];
}

export interface AccountPolicy {
  readonly suffixes: readonly string[];
  /** yoctoNEAR. */
  readonly maxInitialBalance: bigint;
}

/** A compiled CEL expression. */
export interface Condition {
  readonly source: string;
  /** Whether it is true; a sentence when it cannot be evaluated, takes too long or gives no bool. Never throws. */
  holds(variables: Readonly<Record<string, unknown>>): boolean | string;
}

/** Grants nothing. */
export const EMPTY_POLICY: Policy = { allowedOrigins: [], delegates: undefined, accounts: undefined };
