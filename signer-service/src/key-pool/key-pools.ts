import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import type { NewKeyNames } from "../backends/backend.ts";
import type { AdminGrant, KeptAdminGrant } from "../grants/admin-grants.ts";
import type { AccountKey, AccountStanding, KeyCheck } from "../keys/account-standing.ts";
import type { KeyOperations } from "../keys/key-operations.ts";
import type { KeyRecord, KeyRecords } from "../keys/key-records.ts";
import {
  type PoolFacts,
  type PoolPermit,
  permitActivate,
  permitDrain,
  permitGenerate,
  permitRetire,
} from "./pool-rules.ts";

export interface KeyPoolsOptions {
  readonly keys: KeyOperations;
  readonly records: Pick<KeyRecords, "standing">;
  /** Those of the kept grants that hold at a time, verified again. */
  readonly grantsThatHold: (kept: readonly KeptAdminGrant[], at: Date) => readonly AdminGrant[];
  /** Whether this signer holds a key and a policy is for it. */
  readonly isServed: (key: KeyRecord) => boolean;
  /** Whether a key has the policy that all ids which begin with a prefix have. */
  readonly hasPolicyOfPrefix: (key: NewKeyNames, prefix: string) => boolean;
  readonly now: () => Date;
}

/**
 * What relays do with keys, within admin grants that hold (pool-rules.ts). Grants and keys are looked at in the
 * transaction of each change, so that neither two calls at once nor two signers of a store get more than a grant allows.
 * Every method throws what KeyOperations' does, and SIGNER_POLICY_DENIED.
 */
export class KeyPools {
  readonly #options: KeyPoolsOptions;

  constructor(options: KeyPoolsOptions) {
    this.#options = options;
  }

  async generate(names: NewKeyNames, actor: string): Promise<KeyRecord> {
    const { keys, records } = this.#options;
    const standing = await records.standing(names.network, names.accountId);
    const { pool } = permitGenerate(names, this.#facts(standing));
    // Asked for again, or in vain, it holds up no reload.
    const known = standing.keys.find((key) => key.keyId === names.keyId);
    if (known !== undefined) return known;
    return keys.generate(pool.backend, names, actor, (now) => {
      const facts = this.#facts(now);
      const grants = facts.grants.filter(({ allows }) => isOfBackend(allows, pool.backend));
      return detailOf(permitGenerate(names, { ...facts, grants }));
    });
  }

  /** `floor` is the access key's nonce on the chain, as the relay says. */
  activate(keyId: string, floor: bigint, actor: string): Promise<KeyRecord> {
    return this.#options.keys.activate(keyId, floor, actor, this.#check(keyId, permitActivate));
  }

  drain(keyId: string, actor: string): Promise<KeyRecord> {
    return this.#options.keys.drain(keyId, actor, this.#check(keyId, permitDrain));
  }

  retire(keyId: string, actor: string): Promise<KeyRecord> {
    return this.#options.keys.retire(keyId, actor, this.#check(keyId, permitRetire));
  }

  #check(keyId: string, permit: (key: AccountKey, facts: PoolFacts) => PoolPermit): KeyCheck {
    return (standing) => {
      const key = standing.keys.find((one) => one.keyId === keyId);
      if (key === undefined) {
        throw new DomainError(ErrorReason.SIGNER_KEY_NOT_FOUND, `the signer has no key ${keyId}`);
      }
      return detailOf(permit(key, this.#facts(standing)));
    };
  }

  #facts({ grants: kept, ...standing }: AccountStanding): PoolFacts {
    const { grantsThatHold, isServed, hasPolicyOfPrefix, now } = this.#options;
    const at = now();
    return { ...standing, grants: grantsThatHold(kept, at), isServed, hasPolicyOfPrefix, now: at };
  }
}

function isOfBackend(allows: AdminGrant["allows"], backend: string): boolean {
  return allows.kind === "key_management" && allows.pool?.backend === backend;
}

function detailOf({ grantId }: PoolPermit): Readonly<Record<string, string>> {
  return { admin_grant: grantId };
}
