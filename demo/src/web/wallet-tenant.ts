import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Operator } from "../operator.ts";
import { RELAYER } from "../stack.ts";
import { TENANT } from "../tenant.ts";
import type { IdentityProvider } from "./identity-provider.ts";

/** The relying party of the wallet's passkeys. */
export const RP_ID = "localhost";
/** The provider, and its client's secret, as tenant and relay name them. */
export const PROVIDER_ID = "demo-id";
export const CLIENT_SECRET_NAME = "demo-id";

/** The tenant whose users have the demo's wallet. */
export interface WalletTenant {
  /** The wallet's. */
  readonly origin: string;
  /** Creates it at a relay, as an operator would. */
  letIn(operator: Operator): Promise<void>;
}

/** Its users may write into the guest book, send a little NEAR to each other, and have accounts. */
export function walletTenant(origin: string, provider: IdentityProvider, folder: string): WalletTenant {
  const policy = {
    allowed_origins: [origin],
    delegates: {
      allow: [{ receiver: "guest-book.test", methods: ["add_message"] }, { receiver: `*.${RELAYER}` }],
      action_kinds: ["FunctionCall", "Transfer"],
      max_gas: "50000000000000",
      max_deposit: "100000000000000000000000",
    },
    accounts: { suffixes: [`.${RELAYER}`], max_initial_balance: "1000000000000000000000000" },
  };
  const signIn = {
    relying_parties: [{ id: RP_ID, name: "Countersign demo", origins: [origin] }],
    providers: [
      {
        id: PROVIDER_ID,
        issuer: provider.issuer,
        client_id: provider.clientId,
        client_secret_name: CLIENT_SECRET_NAME,
      },
    ],
    scopes: ["read", "list", "submit", "accounts", "threshold"],
  };
  return {
    origin,
    async letIn(operator) {
      await operator.command("tenant", "create", TENANT, "--name", "The demo's wallet");
      await operator.setDocument("policy", TENANT, policy);
      const file = join(folder, "sign-in.json");
      await writeFile(file, JSON.stringify(signIn, undefined, 2));
      await operator.command("tenant", "update", TENANT, "--sign-in", file);
    },
  };
}
