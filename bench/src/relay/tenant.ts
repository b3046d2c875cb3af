import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../shared/processes.ts";
import { RECEIVER } from "./wallets.ts";

export const TENANT = "bench";

/** One receiver, transfers of one yocto. */
const POLICY = {
  delegates: { allow: [{ receiver: RECEIVER }], action_kinds: ["Transfer"], max_deposit: "1" },
};

/** Never reached, but present: each of the four budgets is counted and compared with each submission. */
const PLENTY = { accounts: "1000000000", gas: `1${"0".repeat(30)}`, deposit: `1${"0".repeat(30)}` };
const FAST = { per_second: 100_000, burst: 1_000_000 };
const LIMITS = {
  tenant_day: PLENTY,
  tenant_month: PLENTY,
  user_day: PLENTY,
  user_month: PLENTY,
  tenant_rate: FAST,
  key_rate: FAST,
  user_rate: FAST,
};

/** Where a relay's operator is let in. */
export interface AdminAccess {
  /** "unix:/path" of its admin socket. */
  readonly url: string;
  readonly key: string;
}

/** What a tenant whose users have wallets has more. */
export interface TenantWallets {
  /** How its users sign in. */
  readonly signIn: object;
  /** Of the pages that may call the relay; none if absent. */
  readonly allowedOrigins?: readonly string[];
}

/**
 * Makes a tenant with a key, a policy and limits, by the operators' command line. Gives the key's text, which callers
 * present.
 */
export async function makeTenant(
  { url, key }: AdminAccess,
  folder: string,
  wallets?: TenantWallets,
): Promise<string> {
  const countersign = (...args: string[]) =>
    run("server/src/cli.ts", args, { COUNTERSIGN_ADMIN_URL: url, COUNTERSIGN_ADMIN_KEY: key });
  await countersign("tenant", "create", TENANT);
  const policy = { ...POLICY, allowed_origins: wallets?.allowedOrigins ?? [] };
  for (const [kind, document] of Object.entries({ policy, limits: LIMITS })) {
    const file = join(folder, `${kind}.json`);
    await writeFile(file, JSON.stringify(document));
    await countersign(kind, "set", TENANT, file);
  }
  if (wallets !== undefined) {
    const file = join(folder, "sign-in.json");
    await writeFile(file, JSON.stringify(wallets.signIn));
    await countersign("tenant", "update", TENANT, "--sign-in", file);
  }
  const made = await countersign("key", "create", TENANT, "--scopes", "read,submit", "--json");
  return (JSON.parse(made) as { secret: string }).secret;
}
