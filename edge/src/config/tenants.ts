import { create, type DescMessage, fromJson, type JsonValue, type MessageShape } from "@bufbuild/protobuf";
import { LimitsSchema } from "@countersign/gen/countersign/admin/v1/limits_pb.ts";
import { PauseLevel } from "@countersign/gen/countersign/admin/v1/pause_pb.ts";
import { PolicySchema } from "@countersign/gen/countersign/admin/v1/policy_pb.ts";
import { CreateTenantRequestSchema, SignInSchema } from "@countersign/gen/countersign/admin/v1/tenant_pb.ts";
import { pauseTarget } from "@countersign/server/admin/pauses/pause-target.ts";
import { signInSettings } from "@countersign/server/admin/tenants/sign-in.ts";
import type {
  Pause,
  ProtectionSnapshot,
  StoredDocument,
  Tenant,
} from "@countersign/server/ledger/protection-types.ts";
import { policyFromMessage, policyText } from "@countersign/server/policy/policy-document.ts";
import { limitsText } from "@countersign/server/tenant/limits.ts";
import { violationsOf } from "@countersign/service-kit";
import { z } from "zod";

const AUTHOR = "configuration";
/** What stands in the configuration has always stood there. */
const ALWAYS = new Date(0);

/** A message of the admin contract, in protobuf's JSON, that keeps its rules and whatever `read` asks. */
function message<S extends DescMessage, T>(schema: S, read: (message: MessageShape<S>) => T) {
  return z.unknown().transform((json, context): T => {
    try {
      const parsed = fromJson(schema, json as JsonValue);
      const broken = violationsOf(schema, parsed);
      if (broken !== undefined) throw new Error(broken);
      return read(parsed);
    } catch (error) {
      context.addIssue({ code: "custom", message: (error as Error).message });
      return z.NEVER;
    }
  });
}

/** A tenant as operators of other relays make it through the admin contract. */
const tenant = z.strictObject({
  id: z.string().refine((id) => {
    return (
      violationsOf(CreateTenantRequestSchema, create(CreateTenantRequestSchema, { tenant: id })) === undefined
    );
  }, 'must be 2 to 32 lower-case letters, digits and "-"'),
  disabled: z.boolean().default(false),
  policy: message(PolicySchema, (policy) => {
    // Throws what is wrong with it.
    policyFromMessage(policy);
    return policyText(policy);
  }).optional(),
  limits: message(LimitsSchema, limitsText).optional(),
  sign_in: message(SignInSchema, signInSettings).optional(),
});

export const tenantsField = z
  .array(tenant)
  .min(1)
  .superRefine((tenants, context) => {
    const twice = (of: string, values: readonly string[]) => {
      if (new Set(values).size === values.length) return;
      context.addIssue({ code: "custom", message: `must have ${of} of their own` });
    };
    const parties = tenants.flatMap(({ sign_in }) => sign_in?.relyingParties ?? []);
    twice(
      "ids",
      tenants.map(({ id }) => id),
    );
    twice(
      "relying parties",
      parties.map(({ id }) => id),
    );
  });

export const pausesField = z
  .array(
    z
      .strictObject({ level: z.enum(["RELAY", "TENANT", "METHOD"]), target: z.string().default("") })
      .transform(({ level, target }, context) => {
        try {
          return pauseTarget(PauseLevel[level], target);
        } catch (error) {
          context.addIssue({ code: "custom", message: (error as Error).message });
          return z.NEVER;
        }
      }),
  )
  .default([]);

/** What the directory of tenants reads, as if it stood in a ledger. */
export function snapshotOf(
  tenants: z.output<typeof tenantsField>,
  pauses: z.output<typeof pausesField>,
): ProtectionSnapshot {
  return {
    revision: 1n,
    tenants: tenants.map(
      ({ id, disabled, sign_in }): Tenant => ({
        ...{ id, disabled, displayName: "", tokenIssuers: [], version: 1n, createdAt: ALWAYS },
        signIn: sign_in ?? null,
      }),
    ),
    keys: [],
    documents: tenants.flatMap(({ id, policy, limits }) => [
      ...documentOf(id, "policy", policy),
      ...documentOf(id, "limits", limits),
    ]),
    pauses: pauses.map(
      (target, i): Pause => ({
        ...{ ...target, id: String(i), mode: "DRAIN", reason: "", author: AUTHOR, createdAt: ALWAYS },
      }),
    ),
    webhooks: [],
  };
}

function documentOf(
  tenantId: string,
  kind: StoredDocument["kind"],
  text: string | undefined,
): StoredDocument[] {
  if (text === undefined) return [];
  return [{ tenant: tenantId, kind, text, version: 1n, author: AUTHOR, createdAt: ALWAYS }];
}
