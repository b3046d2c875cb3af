import { LimitsService } from "@countersign/gen/countersign/admin/v1/limits_service_pb.ts";
import {
  GetPolicyResponseSchema,
  PolicySchema,
  type PolicyVersion,
  SetPolicyResponseSchema,
  TestPolicyResponseSchema,
} from "@countersign/gen/countersign/admin/v1/policy_pb.ts";
import { PolicyService } from "@countersign/gen/countersign/admin/v1/policy_service_pb.ts";
import {
  DecisionSchema,
  RuleOutcome,
  RuleOutcomeSchema,
  type RuleResult,
} from "@countersign/gen/countersign/relay/v1/delegate_check_pb.ts";
import { reasonName } from "@countersign/service-kit";
import { Command } from "commander";
import { type AdminOptions, adminClient, withAdminOptions } from "./admin-connection.ts";
import { wholeNumber } from "./arguments.ts";
import { delegateBytes } from "./delegate-argument.ts";
import { documentText, readDocument } from "./document-file.ts";
import { enumText, formatTable, printAnswer } from "./print.ts";
import { timeText } from "./time-text.ts";
import { UsageError } from "./usage-error.ts";

interface TestOptions extends AdminOptions {
  delegate?: string;
  account?: string;
  balance: string;
  draft?: string;
  endUser: string;
}

/** `countersign policy …` */
export function policyCommand(): Command {
  const policy = new Command("policy");
  withAdminOptions(policy.command("get").description("show a tenant's policy, as YAML").argument("<tenant>"))
    .option("--version <number>", "an older version", wholeNumber, 0n)
    .action(async (tenant: string, options: AdminOptions & { version: bigint }) => {
      const { version } = options;
      const answer = await adminClient(PolicyService, options).getPolicy({ tenant, version });
      printAnswer(GetPolicyResponseSchema, answer, options, (a) => policyText(a.policy));
    });
  withAdminOptions(
    policy
      .command("set")
      .description("replace a tenant's policy")
      .argument("<tenant>")
      .argument("<file>", "YAML or JSON, - for the standard input"),
  )
    .option("--expected-version <number>", "the version to replace; default: the current one", wholeNumber)
    .action(setPolicy);
  withAdminOptions(
    policy.command("test").description("say what a policy decides, rule by rule").argument("<tenant>"),
  )
    .option("--delegate <file|base64>", "a SignedDelegate: a file of its bytes, or base64")
    .option("--account <name>", "an account to be created")
    .option("--balance <yocto>", "yoctoNEAR given to the account", "0")
    .option("--draft <file>", "ask this policy instead of the current one")
    .option("--end-user <id>", "the end user that the call would name", "")
    .action(testPolicy);
  return policy;
}

async function setPolicy(
  tenant: string,
  file: string,
  options: AdminOptions & { expectedVersion?: bigint },
): Promise<void> {
  const policy = await readDocument(PolicySchema, file);
  const client = adminClient(PolicyService, options);
  const expectedVersion =
    options.expectedVersion ?? (await client.getPolicy({ tenant })).policy?.version ?? 0n;
  const { limits } = await adminClient(LimitsService, options).getLimits({ tenant });
  const answer = await client.setPolicy({ tenant, expectedVersion, policy });
  printAnswer(
    SetPolicyResponseSchema,
    answer,
    options,
    (a) => `${tenant}: policy version ${a.policy?.version}\n`,
  );
  if ((limits?.version ?? 0n) > 0n) return;
  process.stderr.write(
    `warning: no budget bounds what this policy allows: countersign limits set ${tenant} FILE\n`,
  );
}

async function testPolicy(tenant: string, options: TestOptions): Promise<void> {
  const { delegate, account, balance, draft, endUser } = options;
  if ((delegate === undefined) === (account === undefined)) {
    throw new UsageError("give one of --delegate and --account");
  }
  const answer = await adminClient(PolicyService, options).testPolicy({
    tenant,
    endUser,
    ...(draft === undefined ? {} : { draft: await readDocument(PolicySchema, draft) }),
    subject:
      delegate === undefined
        ? { case: "account", value: { accountId: account ?? "", initialBalance: balance } }
        : { case: "signedDelegate", value: delegateBytes(delegate) },
  });
  printAnswer(TestPolicyResponseSchema, answer, options, ({ decision, rules, version }) => {
    const asked = draft === undefined ? `version ${version}` : "draft";
    return `${enumText(DecisionSchema, decision)} by policy ${asked}\n\n${rulesTable(rules)}`;
  });
}

function policyText(version: PolicyVersion | undefined): string {
  if (version?.policy === undefined || version.version === 0n) return "# no policy: everything is refused\n";
  const heading = `# version ${version.version}, by ${version.author} at ${timeText(version.createTime)}\n`;
  return heading + documentText(PolicySchema, version.policy);
}

function rulesTable(rules: readonly RuleResult[]): string {
  return formatTable({
    columns: ["RULE", "OUTCOME", "REASON", "MESSAGE"],
    rows: rules.map((r) => [
      r.rule,
      enumText(RuleOutcomeSchema, r.outcome),
      r.outcome === RuleOutcome.FAILED ? reasonName(r.reason) : "",
      r.message,
    ]),
  });
}
