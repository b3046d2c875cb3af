import { randomUUID } from "node:crypto";
import { durationFromMs, timestampDate } from "@bufbuild/protobuf/wkt";
import {
  type ApiKey,
  CreateApiKeyResponseSchema,
  ListApiKeysResponseSchema,
  RevokeApiKeyResponseSchema,
  RotateApiKeyResponseSchema,
  Scope,
} from "@countersign/gen/countersign/admin/v1/api_key_pb.ts";
import { ApiKeyService } from "@countersign/gen/countersign/admin/v1/api_key_service_pb.ts";
import { Command, InvalidArgumentError } from "commander";
import { type AdminOptions, adminClient, withAdminOptions } from "./admin-connection.ts";
import { durationMs } from "./arguments.ts";
import { formatTable, printAnswer } from "./print.ts";
import { timeText } from "./time-text.ts";

const SCOPES: ReadonlyMap<string, Scope> = new Map([
  ["read", Scope.READ],
  ["list", Scope.LIST],
  ["submit", Scope.SUBMIT],
  ["accounts", Scope.ACCOUNTS],
  ["threshold", Scope.THRESHOLD],
  ["end-users", Scope.END_USERS],
]);

interface CreateOptions extends AdminOptions {
  name: string;
  scopes: Scope[];
  lifetime?: number;
  idempotencyKey?: string;
}

interface RotateOptions extends AdminOptions {
  overlap?: number;
  idempotencyKey?: string;
}

/** `countersign key …` */
export function keyCommand(): Command {
  const key = new Command("key");
  withAdminOptions(
    key.command("create").description("make a key; its secret is shown once").argument("<tenant>"),
  )
    .requiredOption("--scopes <list>", `what it may do: ${[...SCOPES.keys()].join(",")}`, scopeList)
    .option("--name <text>", "a name for people", "")
    .option("--lifetime <duration>", "how long it lives, for example 90d; default: for ever", durationMs)
    .option("--idempotency-key <text>", "the same call with the same key makes one key")
    .action(createKey);
  withAdminOptions(key.command("list").description("show a tenant's keys").argument("<tenant>")).action(
    async (tenant: string, options: AdminOptions) => {
      const answer = await adminClient(ApiKeyService, options).listApiKeys({ tenant });
      printAnswer(ListApiKeysResponseSchema, answer, options, ({ keys }) => table(keys));
    },
  );
  withAdminOptions(
    key.command("rotate").description("make a key's successor").argument("<tenant>").argument("<key-id>"),
  )
    .option("--overlap <duration>", "how long the old key goes on; default: 24h", durationMs)
    .option("--idempotency-key <text>", "the same call with the same key makes one key")
    .action(rotateKey);
  withAdminOptions(
    key.command("revoke").description("end a key at once").argument("<tenant>").argument("<key-id>"),
  )
    .option("--reason <text>", "why, for the audit log", "")
    .action(async (tenant: string, keyId: string, options: AdminOptions & { reason: string }) => {
      const { reason } = options;
      const answer = await adminClient(ApiKeyService, options).revokeApiKey({ tenant, keyId, reason });
      printAnswer(RevokeApiKeyResponseSchema, answer, options, (a) =>
        table(a.key === undefined ? [] : [a.key]),
      );
    });
  return key;
}

async function createKey(tenant: string, options: CreateOptions): Promise<void> {
  const { scopes, name, lifetime, idempotencyKey = randomUUID() } = options;
  const answer = await adminClient(ApiKeyService, options).createApiKey({
    tenant,
    displayName: name,
    scopes,
    idempotencyKey,
    ...(lifetime === undefined ? {} : { lifetime: durationFromMs(lifetime) }),
  });
  printAnswer(CreateApiKeyResponseSchema, answer, options, ({ key, secret }) =>
    withSecret(key === undefined ? [] : [key], secret),
  );
}

async function rotateKey(tenant: string, keyId: string, options: RotateOptions): Promise<void> {
  const { overlap, idempotencyKey = randomUUID() } = options;
  const answer = await adminClient(ApiKeyService, options).rotateApiKey({
    tenant,
    keyId,
    idempotencyKey,
    ...(overlap === undefined ? {} : { overlap: durationFromMs(overlap) }),
  });
  printAnswer(RotateApiKeyResponseSchema, answer, options, ({ key, oldKey, secret }) =>
    withSecret(
      [key, oldKey].filter((k) => k !== undefined),
      secret,
    ),
  );
}

function withSecret(keys: readonly ApiKey[], secret: string): string {
  const note =
    secret === ""
      ? "This call was made before, and its key was shown then: if it is lost, revoke it and make another."
      : `${secret}\nThis is shown once and stored nowhere: keep it now.`;
  return `${table(keys)}\n${note}\n`;
}

function table(keys: readonly ApiKey[]): string {
  return formatTable({
    columns: ["KEY ID", "NAME", "SCOPES", "STATE", "CREATED", "EXPIRES", "LAST USED"],
    rows: keys.map((k) => [
      k.id,
      k.displayName,
      [...SCOPES].flatMap(([name, scope]) => (k.scopes.includes(scope) ? [name] : [])).join(","),
      stateOf(k),
      timeText(k.createTime),
      timeText(k.expireTime, "never"),
      timeText(k.lastUseTime, "never"),
    ]),
  });
}

function scopeList(text: string): Scope[] {
  return text.split(",").map((name) => {
    const scope = SCOPES.get(name.trim());
    if (scope === undefined) throw new InvalidArgumentError(`It takes ${[...SCOPES.keys()].join(",")}.`);
    return scope;
  });
}

function stateOf({ revokeTime, expireTime }: ApiKey): string {
  if (revokeTime !== undefined) return `revoked ${timeText(revokeTime)}`;
  return expireTime !== undefined && timestampDate(expireTime) <= new Date() ? "expired" : "active";
}
