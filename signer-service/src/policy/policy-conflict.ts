import type { RelayerKey } from "../relayer-signer/key-backend.ts";
import { type KeyPolicies, policyOf } from "./policy.ts";

/**
 * Says why these policies are not those of these keys, or null: each names a key that is held, the key's network and
 * its account, and lets the key create no accounts that it cannot.
 */
export function findPolicyConflict(
  policies: KeyPolicies,
  keys: readonly Pick<RelayerKey, "keyId" | "network" | "accountId">[],
): string | null {
  const held = new Map(keys.map((key) => [key.keyId, key]));
  for (const keyId of Object.keys(policies)) {
    const policy = policyOf(policies, keyId);
    const key = held.get(keyId);
    if (policy === undefined) continue;
    if (key === undefined) return `there is a policy for key ${keyId}, which the signer does not hold`;
    if (policy.network !== key.network) {
      return `the policy of key ${keyId} is for network ${policy.network}, the key is for ${key.network}`;
    }
    if (policy.accountId !== key.accountId) {
      return `the policy of key ${keyId} is for account ${policy.accountId}, the key is of ${key.accountId}`;
    }
    const { accountCreation } = policy;
    if (accountCreation === undefined || accountCreation.registrar !== undefined) continue;
    const other = accountCreation.suffixes.find((suffix) => suffix !== `.${key.accountId}`);
    if (other !== undefined) {
      return `key ${keyId} of ${key.accountId} cannot create accounts before ${other} without a registrar`;
    }
  }
  return null;
}
