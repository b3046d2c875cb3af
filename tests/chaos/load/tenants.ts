import { testKey } from "../../support/tenants.ts";
import { OPEN_POLICY, type SeededTenant } from "../../support/test-tenant.ts";

/** A tenant's callers, of whom one key is enough. */
export interface LoadTenant {
  readonly name: string;
  readonly key: ReturnType<typeof testKey>;
  /** Whether its budgets may be used up. */
  readonly isBounded: boolean;
}

export const LOAD_TENANTS: readonly LoadTenant[] = [
  { name: "acme", key: testKey(41), isBounded: false },
  { name: "globex", key: testKey(42), isBounded: false },
  { name: "initech", key: testKey(43), isBounded: true },
];

const TERA = 10n ** 12n;

/** As the ledger is to have them. The bounded one has room for a few dozen delegates and two accounts. */
export const SEEDED: readonly SeededTenant[] = LOAD_TENANTS.map(({ name, key, isBounded }) => ({
  tenant: name,
  policy: OPEN_POLICY,
  keys: [{ minted: key }],
  limits: isBounded ? { tenantDay: { gas: (250n * TERA).toString(), accounts: 2n } } : undefined,
}));
