/** A fee: what sending burns and what execution burns, in gas. */
export interface Fee {
  readonly sendSelf: bigint;
  readonly sendOther: bigint;
  readonly execution: bigint;
}

function fee(sendSelf: bigint, sendOther: bigint, execution: bigint): Fee {
  return { sendSelf, sendOther, execution };
}

/**
 * Action fees in gas, of nearcore core/parameters (snapshots/near_parameters__config_store__tests__84.json.snap).
 */
export const FEES = {
  newActionReceipt: fee(108_059_500_000n, 108_059_500_000n, 108_059_500_000n),
  newDataReceipt: fee(36_486_732_312n, 36_486_732_312n, 36_486_732_312n),
  createAccount: fee(3_850_000_000_000n, 3_850_000_000_000n, 3_850_000_000_000n),
  deployContract: fee(184_765_750_000n, 184_765_750_000n, 184_765_750_000n),
  deployContractByte: fee(6_812_999n, 47_683_715n, 64_572_944n),
  functionCall: fee(200_000_000_000n, 200_000_000_000n, 780_000_000_000n),
  functionCallByte: fee(2_235_934n, 47_683_715n, 2_235_934n),
  transfer: fee(115_123_062_500n, 115_123_062_500n, 115_123_062_500n),
  stake: fee(141_715_687_500n, 141_715_687_500n, 102_217_625_000n),
  addFullAccessKey: fee(101_765_125_000n, 101_765_125_000n, 101_765_125_000n),
  addFunctionCallKey: fee(102_217_625_000n, 102_217_625_000n, 102_217_625_000n),
  addFunctionCallKeyByte: fee(1_925_331n, 47_683_715n, 1_925_331n),
  deleteKey: fee(94_946_625_000n, 94_946_625_000n, 94_946_625_000n),
  deleteAccount: fee(147_489_000_000n, 147_489_000_000n, 147_489_000_000n),
  delegate: fee(200_000_000_000n, 200_000_000_000n, 200_000_000_000n),
} as const;

/** Limits of the same snapshot (`limit_config`). Sizes in bytes, gas in gas units. */
export const LIMITS = {
  maxTotalPrepaidGas: 1_000_000_000_000_000n,
  maxActionsPerReceipt: 100,
  maxMethodNamesBytes: 2_000,
  maxMethodNameLength: 256,
  maxArgumentsLength: 4_194_304,
  maxContractSize: 4_194_304,
  maxTransactionSize: 1_572_864,
  maxStorageKeyLength: 2_048,
} as const;

/** Storage of the same snapshot: bytes that an account and every record of it count, and yocto a byte. */
export const STORAGE = {
  yoctoPerByte: 10_000_000_000_000_000_000n,
  accountBytes: 100n,
  recordBytes: 40n,
  /** NEP-448: an account this small needs no balance (nearcore runtime/runtime/src/verifier.rs). */
  zeroBalanceAccountBytes: 770n,
  /** Account::MAX_ACCOUNT_DELETION_STORAGE_USAGE (nearcore core/primitives-core/src/account.rs). */
  maxDeletableBytes: 10_000n,
} as const;

/** `burnt_gas_reward`: the share of a call's burnt gas that its contract's account gets. */
export const CONTRACT_REWARD = { numerator: 3n, denominator: 10n } as const;

/** `account_creation_config`: who may create short top-level accounts. */
export const ACCOUNT_CREATION = { minTopLevelLength: 65, registrar: "registrar" } as const;

/** AccessKey::ACCESS_KEY_NONCE_RANGE_MULTIPLIER (nearcore core/primitives-core/src/account.rs). */
export const NONCE_RANGE_MULTIPLIER = 1_000_000n;

export const PROTOCOL_VERSION = 84;

/** What a devnet may choose about its chain. */
export interface ChainConfig {
  readonly networkId: string;
  readonly genesisHeight: bigint;
  /** Yocto a gas unit; constant, so that no receipt sees another price than it was bought at. */
  readonly gasPrice: bigint;
  /** How many blocks a transaction's block hash stays good (`transaction_validity_period`). */
  readonly transactionValidityBlocks: bigint;
  /** How many blocks back state can be asked for. */
  readonly historyBlocks: bigint;
  /** Milliseconds since the epoch, for block timestamps. */
  readonly now: () => number;
}
