import {
  CreateTenantResponseSchema,
  GetTenantResponseSchema,
  ListTenantsResponseSchema,
  SignInSchema,
  type Tenant,
  TokenIssuersSchema,
  UpdateTenantResponseSchema,
} from "@countersign/gen/countersign/admin/v1/tenant_pb.ts";
import { TenantService } from "@countersign/gen/countersign/admin/v1/tenant_service_pb.ts";
import { Command } from "commander";
import { type AdminOptions, adminClient, withAdminOptions } from "./admin-connection.ts";
import { wholeNumber } from "./arguments.ts";
import { documentText, readDocument } from "./document-file.ts";
import { formatTable, printAnswer } from "./print.ts";
import { timeText } from "./time-text.ts";
import { UsageError } from "./usage-error.ts";

interface UpdateOptions extends AdminOptions {
  name?: string;
  disable?: true;
  enable?: true;
  tokenIssuers?: string;
  signIn?: string;
  expectedVersion?: bigint;
}

/** `countersign tenant …` */
export function tenantCommand(): Command {
  const tenant = new Command("tenant");
  withAdminOptions(tenant.command("create").description("create a tenant").argument("<tenant>"))
    .option("--name <text>", "a name for people", "")
    .action(async (id: string, options: AdminOptions & { name: string }) => {
      const answer = await adminClient(TenantService, options).createTenant({
        tenant: id,
        displayName: options.name,
      });
      printAnswer(CreateTenantResponseSchema, answer, options, one);
    });
  withAdminOptions(tenant.command("get").description("show a tenant").argument("<tenant>")).action(
    async (id: string, options: AdminOptions) => {
      const answer = await adminClient(TenantService, options).getTenant({ tenant: id });
      printAnswer(GetTenantResponseSchema, answer, options, whole);
    },
  );
  withAdminOptions(tenant.command("list").description("show all tenants")).action(
    async (options: AdminOptions) => {
      const answer = await adminClient(TenantService, options).listTenants({});
      printAnswer(ListTenantsResponseSchema, answer, options, ({ tenants }) => table(tenants));
    },
  );
  withAdminOptions(tenant.command("update").description("change a tenant").argument("<tenant>"))
    .option("--name <text>", "a new name for people")
    .option("--disable", "refuse all of its calls")
    .option("--enable", "take its calls again")
    .option("--token-issuers <file>", "YAML or JSON: {issuers: […]}, in place of those that it has")
    .option("--sign-in <file>", "YAML or JSON: how its users sign in, in place of how they did")
    .option("--expected-version <number>", "the version to replace; default: the current one", wholeNumber)
    .action(update);
  return tenant;
}

async function update(id: string, options: UpdateOptions): Promise<void> {
  const { name, disable, enable, tokenIssuers, signIn } = options;
  if (disable && enable) throw new UsageError("--disable and --enable exclude each other");
  const documents = [tokenIssuers, signIn].filter((file) => file !== undefined);
  if (name === undefined && !disable && !enable && documents.length === 0) {
    throw new UsageError("nothing to change: give --name, --disable, --enable, --token-issuers or --sign-in");
  }
  const client = adminClient(TenantService, options);
  const expectedVersion =
    options.expectedVersion ?? (await client.getTenant({ tenant: id })).tenant?.version ?? 0n;
  const answer = await client.updateTenant({
    tenant: id,
    expectedVersion,
    ...(name === undefined ? {} : { displayName: name }),
    ...(disable || enable ? { disabled: disable === true } : {}),
    ...(tokenIssuers === undefined
      ? {}
      : { tokenIssuers: await readDocument(TokenIssuersSchema, tokenIssuers) }),
    ...(signIn === undefined ? {} : { signIn: await readDocument(SignInSchema, signIn) }),
  });
  printAnswer(UpdateTenantResponseSchema, answer, options, one);
}

/** With what readDocument reads. */
function whole(answer: { tenant?: Tenant | undefined }): string {
  const signIn = answer.tenant?.signIn;
  if (signIn === undefined) return one(answer);
  return `${one(answer)}\n# sign-in\n${documentText(SignInSchema, signIn)}`;
}

function one({ tenant }: { tenant?: Tenant | undefined }): string {
  return table(tenant === undefined ? [] : [tenant]);
}

function table(tenants: readonly Tenant[]): string {
  return formatTable({
    columns: ["TENANT", "NAME", "STATE", "ISSUERS", "VERSION", "CREATED"],
    rows: tenants.map((t) => [
      t.id,
      t.displayName,
      t.disabled ? "disabled" : "enabled",
      t.tokenIssuers.map(({ issuer }) => issuer).join(" "),
      String(t.version),
      timeText(t.createTime),
    ]),
  });
}
