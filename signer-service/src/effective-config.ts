import { isDeepStrictEqual } from "node:util";
import type { SignerConfig } from "./config.ts";
import { type AdminGrantTrust, grantsThatHold } from "./grants/admin-grant-signature.ts";
import type { AdminGrants } from "./grants/admin-grants.ts";
import { trustedKeys } from "./grants/trusted-keys.ts";
import type { HeldRecords } from "./keys/held-records.ts";
import type { KeyRates } from "./policy/key-rates.ts";
import { findPolicyConflict } from "./policy/policy-conflict.ts";
import { SigningRules } from "./relayer-signer/signing-rules.ts";

/** A configuration, checked against its keys, with what follows from it. */
export interface EffectiveConfig {
  readonly config: SignerConfig;
  readonly rules: SigningRules;
  /** Whose admin grants are taken. */
  readonly trust: AdminGrantTrust;
}

export interface EffectiveConfigParts {
  readonly heldRecords: HeldRecords;
  readonly adminGrants: Pick<AdminGrants, "list">;
  /** Outlive a reload. */
  readonly rates: KeyRates;
  readonly now: () => Date;
}

/**
 * Reads what the configuration names (callers' key sets) and checks what it says of these keys. Throws an Error that
 * tells the operator what is wrong.
 */
export async function effectiveConfig(
  config: SignerConfig,
  held: Parameters<typeof findPolicyConflict>[1],
  { heldRecords, adminGrants, rates, now }: EffectiveConfigParts,
): Promise<EffectiveConfig> {
  // Also keys of places that are away, and that nobody has seen yet.
  const conflict = findPolicyConflict(config.policies, [...config.keys, ...held]);
  if (conflict !== null) throw new Error(conflict);
  const { audience, policies, grants, caller_credentials: callers } = config;
  const trust = { audience, adminKeys: trustedKeys(config.admin_keys) };
  const rules = new SigningRules({
    audience,
    policies,
    grantKeys: grants.required ? trustedKeys(grants.keys) : null,
    callers: callers === undefined ? null : await loadCallers(callers),
    keyManagementFacts: async () => {
      const [records, kept] = await Promise.all([heldRecords(), adminGrants.list()]);
      return { heldRecords: records, grants: grantsThatHold(kept, trust, now()) };
    },
    rates,
    now,
  });
  return { config, rules, trust };
}

/** With jose, which nothing else of the signer needs. */
async function loadCallers(section: NonNullable<SignerConfig["caller_credentials"]>) {
  const { CallerCredentials } = await import("./grants/caller-credentials.ts");
  return CallerCredentials.load(section);
}

/** What a process is started with and keeps. */
const FIXED = ["audience", "listen", "admin", "operations", "process", "log", "limits"] as const;

/** Throws an Error that names the sections that would change and cannot while the process runs. */
export function assertReloadable(before: SignerConfig, after: SignerConfig): void {
  const changed: string[] = FIXED.filter((section) => !isDeepStrictEqual(before[section], after[section]));
  const urls = [before, after].map(({ store }) => store.url.reveal());
  const rest = [before, after].map(({ store: { url: _, ...others } }) => others);
  if (urls[0] !== urls[1] || !isDeepStrictEqual(rest[0], rest[1])) changed.push("store");
  if (changed.length > 0) throw new Error(`${changed.join(", ")}: changes only with a restart`);
}
