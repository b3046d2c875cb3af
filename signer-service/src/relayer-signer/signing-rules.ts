import type { CallerCredentials } from "../grants/caller-credentials.ts";
import { type VerifiedGrant, verifySigningGrants } from "../grants/signing-grants.ts";
import type { TrustedKeys } from "../grants/trusted-keys.ts";
import { checkTransaction, type KeyManagementFacts } from "../policy/check-policy.ts";
import type { KeyRates } from "../policy/key-rates.ts";
import type { KeyPolicies } from "../policy/policy.ts";
import { policyOf } from "../policy/policy.ts";
import type { RelayerKey } from "./key-backend.ts";
import type { Examined, SignerRules } from "./relayer-signer.ts";
import type { SigningCall, SigningRequest } from "./signing-call.ts";

/** What the configuration says about signing. A reload puts another one in its place. */
export interface SigningRulesOptions {
  /** The name under which grants address the signer. */
  readonly audience: string;
  readonly policies: KeyPolicies;
  /** The relays' grant keys; null where the signer asks for no grants. */
  readonly grantKeys: TrustedKeys | null;
  /** Null where callers' credentials are not verified again. */
  readonly callers: CallerCredentials | null;
  readonly keyManagementFacts: () => Promise<KeyManagementFacts>;
  /** Outlives a reload: buckets stay as full as they are. */
  readonly rates: KeyRates;
  readonly now: () => Date;
}

/** The rules of one configuration: grants, callers, policies and rates. */
export class SigningRules implements SignerRules {
  readonly #options: SigningRulesOptions;

  constructor(options: SigningRulesOptions) {
    this.#options = options;
  }

  async grantsOf(call: SigningCall, hashes: readonly Uint8Array[]): Promise<readonly VerifiedGrant[] | null> {
    const { grantKeys, audience, now } = this.#options;
    if (grantKeys === null) return null;
    const items = call.requests.map(({ keyId }, i) => ({
      keyId,
      payloadHash: hashes[i] ?? new Uint8Array(),
    }));
    return verifySigningGrants({
      bytes: call.grants?.bytes ?? new Uint8Array(),
      signature: call.grants === null ? undefined : call.grants,
      keys: grantKeys,
      audience,
      network: call.network,
      items,
      now: now(),
    });
  }

  async examine(
    { transaction, callerCredential: credential }: SigningRequest,
    network: string,
    key: RelayerKey,
    grant: VerifiedGrant | null,
  ): Promise<Examined> {
    const { policies, keyManagementFacts, callers, rates, now } = this.#options;
    const policy = policyOf(policies, key.keyId);
    const grantedPurpose = grant?.purpose ?? null;
    const checked = await checkTransaction(transaction, {
      network,
      key,
      policy,
      grantedPurpose,
      keyManagementFacts,
    });
    const { purpose } = checked;
    await callers?.verify({ tenant: grant?.tenant ?? "", purpose, credential }, now());
    if (policy !== undefined) rates.take(key.keyId, policy.rate);
    return { ...checked, depositPerDay: policy?.depositPerDay ?? 0n, gasPerDay: policy?.gasPerDay ?? 0n };
  }
}
