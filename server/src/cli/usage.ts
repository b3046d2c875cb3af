import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  GetUsageResponseSchema,
  type Usage,
  UsageGrouping,
} from "@countersign/gen/countersign/admin/v1/limits_pb.ts";
import { LimitsService } from "@countersign/gen/countersign/admin/v1/limits_service_pb.ts";
import { Command, Option } from "commander";
import { type AdminOptions, adminClient, withAdminOptions } from "./admin-connection.ts";
import { durationMs } from "./arguments.ts";
import { formatTable, printAnswer } from "./print.ts";

const DAY_MS = 86_400_000;
/** Many submissions take long to sum up, in milliseconds. */
const TIMEOUT_MS = 600_000;

const GROUPINGS = {
  tenant: UsageGrouping.TENANT,
  method: UsageGrouping.METHOD,
  user: UsageGrouping.USER,
};

interface UsageOptions extends AdminOptions {
  by: keyof typeof GROUPINGS;
  since: number;
  tenant: string;
}

/** `countersign usage` */
export function usageCommand(): Command {
  const by = new Option("--by <what>", "what to sum up by").choices(Object.keys(GROUPINGS)).default("tenant");
  return withAdminOptions(new Command("usage"))
    .addOption(by)
    .option("--since <duration>", "how far back, for example 24h or 30d", durationMs, DAY_MS)
    .option("--tenant <tenant>", "one tenant only", "")
    .action(async (options: UsageOptions) => {
      const query = {
        tenant: options.tenant,
        groupBy: GROUPINGS[options.by],
        since: timestampFromMs(Date.now() - options.since),
      };
      const client = adminClient(LimitsService, options);
      const answer = await client.getUsage(query, { timeoutMs: TIMEOUT_MS });
      printAnswer(GetUsageResponseSchema, answer, options, ({ usage, truncated }) => {
        const more = truncated ? "\nThere are more: these cost the most.\n" : "";
        return table(usage, options.by) + more;
      });
    });
}

function table(usage: readonly Usage[], by: UsageOptions["by"]): string {
  const grouped = by !== "tenant";
  return formatTable({
    columns: [
      "TENANT",
      ...(grouped ? [by.toUpperCase()] : []),
      "SUBMISSIONS",
      "SUCCEEDED",
      "FAILED",
      "ACCOUNTS",
      "GAS",
      "BURNT (YOCTO)",
      "DEPOSIT (YOCTO)",
    ],
    rows: usage.map((u) => [
      u.tenant,
      ...(grouped ? [u.group] : []),
      ...[u.submissions, u.succeeded, u.failed, u.accounts].map(String),
      u.gas,
      u.tokensBurnt,
      u.deposit,
    ]),
  });
}
