import type { Environment } from "@countersign/service-kit";
import type { z } from "zod";

/** What is wrong with a configuration, and where. */
export interface Problem {
  readonly path: (string | number)[];
  readonly message: string;
}

/**
 * The schema of a configuration with what its sections say about each other, and, where NODE_ENV is production, with what
 * that asks for: whatever else is wrong, so that everything is named at once.
 */
export function withProblems<S extends z.ZodType>(
  schema: S,
  env: Environment,
  problemsOf: (config: z.output<S>) => Iterable<Problem>,
  productionProblemsOf: (config: z.output<S>) => Iterable<Problem>,
): S {
  return schema
    .superRefine((config, context) => addTo(context, problemsOf(config)))
    .superRefine((config, context) => addTo(context, productionProblemsOf(config)), {
      when: () => env.NODE_ENV?.trim().toLowerCase() === "production",
    });
}

function addTo(context: z.RefinementCtx, problems: Iterable<Problem>): void {
  for (const { path, message } of problems) context.addIssue({ code: "custom", path: [...path], message });
}
