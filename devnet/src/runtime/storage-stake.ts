import { STORAGE } from "../chain/config.ts";
import type { Account } from "../chain/records.ts";

/**
 * How many yocto an account with this balance lacks for the storage that it uses; 0n when it lacks none, as an account
 * that is small enough never does (NEP-448). nearcore runtime/runtime/src/verifier.rs, check_storage_stake.
 */
export function missingStorageStake(account: Account, balance: bigint): bigint {
  const required = account.storageUsage * STORAGE.yoctoPerByte;
  const available = balance + account.locked;
  if (available >= required || account.storageUsage <= STORAGE.zeroBalanceAccountBytes) return 0n;
  return required - available;
}
