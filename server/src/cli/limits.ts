import {
  type Amounts,
  GetLimitsResponseSchema,
  LimitsSchema,
  type LimitsVersion,
  SetLimitsResponseSchema,
} from "@countersign/gen/countersign/admin/v1/limits_pb.ts";
import { LimitsService } from "@countersign/gen/countersign/admin/v1/limits_service_pb.ts";
import { Command } from "commander";
import { type AdminOptions, adminClient, withAdminOptions } from "./admin-connection.ts";
import { wholeNumber } from "./arguments.ts";
import { documentText, readDocument } from "./document-file.ts";
import { formatTable, printAnswer } from "./print.ts";
import { timeText } from "./time-text.ts";

/** `countersign limits …` */
export function limitsCommand(): Command {
  const limits = new Command("limits");
  withAdminOptions(
    limits.command("get").description("show a tenant's limits, and what is used").argument("<tenant>"),
  ).action(async (tenant: string, options: AdminOptions) => {
    const answer = await adminClient(LimitsService, options).getLimits({ tenant });
    printAnswer(
      GetLimitsResponseSchema,
      answer,
      options,
      (a) => `${limitsText(a.limits)}\n${usedTable(a.used)}`,
    );
  });
  withAdminOptions(
    limits
      .command("set")
      .description("replace a tenant's limits")
      .argument("<tenant>")
      .argument("<file>", "YAML or JSON, - for the standard input"),
  )
    .option("--expected-version <number>", "the version to replace; default: the current one", wholeNumber)
    .action(setLimits);
  return limits;
}

async function setLimits(
  tenant: string,
  file: string,
  options: AdminOptions & { expectedVersion?: bigint },
): Promise<void> {
  const limits = await readDocument(LimitsSchema, file);
  const client = adminClient(LimitsService, options);
  const expectedVersion =
    options.expectedVersion ?? (await client.getLimits({ tenant })).limits?.version ?? 0n;
  const answer = await client.setLimits({ tenant, expectedVersion, limits });
  printAnswer(
    SetLimitsResponseSchema,
    answer,
    options,
    (a) => `${tenant}: limits version ${a.limits?.version}\n`,
  );
}

function limitsText(version: LimitsVersion | undefined): string {
  if (version?.limits === undefined || version.version === 0n) return "# no limits of its own\n";
  const heading = `# version ${version.version}, by ${version.author} at ${timeText(version.createTime)}\n`;
  return heading + documentText(LimitsSchema, version.limits);
}

function usedTable(used: readonly { period: string; used?: Amounts | undefined }[]): string {
  return formatTable({
    columns: ["USED", "ACCOUNTS", "GAS", "DEPOSIT (YOCTO)"],
    rows: used.map(({ period, used: amounts }) => [
      period,
      String(amounts?.accounts ?? 0n),
      amounts?.gas ?? "0",
      amounts?.deposit ?? "0",
    ]),
  });
}
