import { type Operator, operate } from "./operator.ts";
import type { StepResult } from "./step.ts";

export const TENANT = "demo";

/** A guest book, transfers to accounts of the application's own, and accounts with a small balance. */
const POLICY = {
  delegates: {
    allow: [{ receiver: "guest-book.test", methods: ["add_message"] }, { receiver: "*.relay.test" }],
    action_kinds: ["FunctionCall", "Transfer"],
    max_gas: "50000000000000",
    max_deposit: "100000000000000000000000",
  },
  accounts: { suffixes: [".relay.test"], max_initial_balance: "100000000000000000000000" },
};

/** Two accounts a day, 3 Pgas and 1 NEAR. */
const LIMITS = {
  tenant_day: { accounts: 2, gas: "3000000000000000", deposit: "1000000000000000000000000" },
  key_rate: { per_second: 20, burst: 40 },
};

/** Lets an application in, as an operator would; `apiKey` is what its calls present. */
export async function letIn(
  operator: Operator,
  note: (result: StepResult) => void,
): Promise<{ apiKey: string }> {
  let apiKey = "";
  note(
    await operate(`tenant create ${TENANT}`, "created", async () => {
      const made = (await operator.command("tenant", "create", TENANT, "--name", "The demo's wallet")) as {
        tenant: { id: string };
      };
      return made.tenant.id === TENANT ? "created" : made.tenant.id;
    }),
  );
  note(
    await operate(`key create ${TENANT}`, "a key", async () => {
      const scopes = "read,list,submit,accounts";
      const made = (await operator.command("key", "create", TENANT, "--scopes", scopes)) as {
        secret: string;
      };
      apiKey = made.secret;
      return apiKey.startsWith("cs_live_") ? "a key" : "no key";
    }),
  );
  note(
    await operate(`policy set ${TENANT}`, "version 1", () => operator.setDocument("policy", TENANT, POLICY)),
  );
  note(
    await operate(`limits set ${TENANT}`, "version 1", () => operator.setDocument("limits", TENANT, LIMITS)),
  );
  return { apiKey };
}
