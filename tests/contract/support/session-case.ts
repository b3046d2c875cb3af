import type { DescMethod } from "@bufbuild/protobuf";
import type { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import type { ContractCase } from "./contract-case.ts";
import { type Call, expectRefusal } from "./refusal.ts";
import type { SessionTenant } from "./session-tenant.ts";

/** A refusal by a relay at which nothing is away: `prepare` does all but the call, at a tenant of its own. */
export function refusedAtSession(
  method: DescMethod,
  outcome: ErrorReason,
  what: string,
  prepare: (tenant: SessionTenant) => Promise<Call>,
): ContractCase {
  return {
    method,
    outcome,
    what,
    run: async (worlds) => {
      const { tenant } = await worlds.session();
      await expectRefusal(await prepare(await tenant()), outcome);
    },
  };
}
