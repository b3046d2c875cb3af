/** Between how many active keys a pool is sized by itself, and after how long. */
export interface Sizing {
  readonly minKeys: number;
  readonly maxKeys: number;
  /** A key more when work has waited for so long, in milliseconds. */
  readonly growAfterMs: number;
  /** A key less when one could have been spared for so long, in milliseconds. */
  readonly shrinkAfterMs: number;
}

/** An account of the configuration, and what may be done to its keys. */
export interface PoolAccount {
  readonly accountId: string;
  /** Undefined where keys are neither made nor given up. */
  readonly pool: PoolSettings | undefined;
}

export interface PoolSettings {
  /** How the names of the keys begin that the relay makes. */
  readonly keyIdPrefix: string;
  /** Undefined for a pool that is sized by operators alone. */
  readonly sizing: Sizing | undefined;
}
