import type { Environment } from "@countersign/service-kit";
import { z } from "zod";
import { commonProblems, commonSections, deadlinesInOrder, serverLimits } from "./common-sections.ts";
import { nearFields } from "./near-section.ts";
import { productionProblems } from "./production-rules.ts";
import { lockSignerSchema } from "./signer-schema.ts";
import { type Problem, withProblems } from "./with-problems.ts";

/** The configuration file of a relay that is started with --lock-only: it has neither funds nor accounts of its own. */
export function lockRelaySchema(env: Environment) {
  return withProblems(
    z.strictObject({
      ...commonSections(env),
      signer: lockSignerSchema(env),
      near: z.strictObject(nearFields(env)).optional(),
      limits: z
        .strictObject(serverLimits)
        .prefault({})
        .refine(...deadlinesInOrder),
      lock: z
        .strictObject({
          enabled: z.literal(true, "must be true: the lock is all that this relay is for").default(true),
        })
        .prefault({}),
    }),
    env,
    (config) => [...commonProblems(config), ...nearProblems(config)],
    productionProblems,
  );
}

interface NearChecked {
  readonly near?: unknown;
  readonly session?: { readonly contract_verification?: unknown } | undefined;
}

/** The one thing that such a relay may ask NEAR. */
export function* nearProblems({ near, session }: NearChecked): Generator<Problem> {
  const asksContract = session?.contract_verification !== undefined;
  if (asksContract && near === undefined) {
    const message = "needs near.endpoints: the contract could not be asked";
    yield { path: ["session", "contract_verification"], message };
  }
  if (!asksContract && near !== undefined) {
    yield {
      path: ["near"],
      message: "is only for session.contract_verification: nothing else asks NEAR here",
    };
  }
}
