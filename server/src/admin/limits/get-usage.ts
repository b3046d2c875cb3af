import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import {
  type GetUsageRequest,
  type GetUsageResponseSchema,
  UsageGrouping,
  type UsageSchema,
} from "@countersign/gen/countersign/admin/v1/limits_pb.ts";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import type { UsageGroup, UsageQuery } from "../../ledger/budget-types.ts";
import type { AdminContext } from "../admin-context.ts";
import { findTenant } from "../find-tenant.ts";

const MAX_GROUPS = 1000;

const GROUPINGS: ReadonlyMap<UsageGrouping, UsageQuery["by"]> = new Map([
  [UsageGrouping.METHOD, "method"],
  [UsageGrouping.USER, "user"],
]);

export function getUsage({ ledger }: AdminContext) {
  return async (request: GetUsageRequest): Promise<MessageInitShape<typeof GetUsageResponseSchema>> => {
    const { tenant, groupBy } = request;
    const since = dateOf(request.since);
    if (tenant !== "") await findTenant(ledger, tenant);
    const query = {
      tenant: tenant === "" ? undefined : tenant,
      by: GROUPINGS.get(groupBy) ?? "tenant",
      since,
    };
    const groups = (await ledger.usage(query)).toSorted(byCost);
    return { usage: groups.slice(0, MAX_GROUPS).map(usageMessage), truncated: groups.length > MAX_GROUPS };
  };
}

function dateOf(timestamp: Timestamp | undefined): Date {
  const date = timestamp === undefined ? new Date(Number.NaN) : timestampDate(timestamp);
  // What comes before 1970 asks for everything, as 1970 does.
  if (!Number.isNaN(date.getTime())) return new Date(Math.max(0, date.getTime()));
  throw new DomainError(ErrorReason.FIELD_INVALID, "since is not a time");
}

/** The most expensive first. */
function byCost(a: UsageGroup, b: UsageGroup): number {
  const difference = b.tokensBurnt + b.deposit - a.tokensBurnt - a.deposit;
  return difference > 0n ? 1 : difference < 0n ? -1 : Number(b.submissions - a.submissions);
}

function usageMessage(group: UsageGroup): MessageInitShape<typeof UsageSchema> {
  const { gas, tokensBurnt, deposit, ...rest } = group;
  return {
    ...rest,
    gas: gas.toString(),
    tokensBurnt: tokensBurnt.toString(),
    deposit: deposit.toString(),
  };
}
