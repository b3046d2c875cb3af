/** One call that a transaction makes. */
export interface EvmCall {
  /** In lower case; null creates a contract. */
  readonly to: string | null;
  /** In wei. */
  readonly value: bigint;
  /** "0x" for no data, the first four bytes of it in lower case, or null for data that is shorter. */
  readonly selector: string | null;
}

/** An account that is to run a contract's code (EIP-7702). */
export interface EvmDelegation {
  readonly chainId: bigint;
  /** In lower case. */
  readonly contract: string;
}

/** What an unsigned transaction does, and what is signed of it. */
export interface EvmTransactionFacts {
  /** Keccak-256 of its bytes. */
  readonly digest: Uint8Array;
  readonly chainId: bigint;
  /** At least one. */
  readonly calls: readonly EvmCall[];
  /** The authorisations that it carries; all name a chain. */
  readonly delegations: readonly EvmDelegation[];
  /** Whether it lets another key act for the account (Tempo). */
  readonly authorizesKey: boolean;
}
