import type { RelayerKey } from "../relayer-signer/key-backend.ts";
import { isPolicyPattern, type KeyPolicies, type KeyPolicy, policyOf } from "./policy.ts";

/** A key that the signer holds; nothing keeps a retired one from having any policy. */
type PolicyKey = Pick<RelayerKey, "keyId" | "network" | "accountId"> & { readonly isRetired?: true };

/**
 * Says why these policies are not those of these keys, or null: each names a key that is held, or how the ids of keys
 * begin that may come yet, the keys' network and their account, and lets no key create accounts that it cannot.
 */
export function findPolicyConflict(policies: KeyPolicies, keys: readonly PolicyKey[]): string | null {
  const ids = new Set(keys.map(({ keyId }) => keyId));
  const nobody = Object.keys(policies).find((name) => !isPolicyPattern(name) && !ids.has(name));
  if (nobody !== undefined) return `there is a policy for key ${nobody}, which the signer does not hold`;
  for (const { keyId, network, accountId, isRetired } of keys) {
    const policy = policyOf(policies, keyId);
    if (policy === undefined || isRetired === true) continue;
    if (policy.network !== network) {
      return `the policy of key ${keyId} is for network ${policy.network}, the key is for ${network}`;
    }
    if (policy.accountId !== accountId) {
      return `the policy of key ${keyId} is for account ${policy.accountId}, the key is of ${accountId}`;
    }
  }
  for (const [name, policy] of Object.entries(policies)) {
    const suffix = impossibleSuffix(policy);
    if (suffix === undefined) continue;
    return `key ${name} of ${policy.accountId} cannot create accounts before ${suffix} without a registrar`;
  }
  return null;
}

/** Without a registrar, a key creates accounts before its own account's name alone. */
function impossibleSuffix({ accountId, accountCreation }: KeyPolicy): string | undefined {
  if (accountCreation === undefined || accountCreation.registrar !== undefined) return undefined;
  return accountCreation.suffixes.find((suffix) => suffix !== `.${accountId}`);
}
