import {
  CancelKeyOperationResponseSchema,
  GetKeyOperationResponseSchema,
  type KeyOperation,
  KeyOperationKind,
  KeyOperationStep,
  ListKeyOperationsResponseSchema,
  ListKeyPoolsResponseSchema,
  StartKeyOperationResponseSchema,
} from "@countersign/gen/countersign/admin/v1/key_pool_pb.ts";
import { KeyPoolService } from "@countersign/gen/countersign/admin/v1/key_pool_service_pb.ts";
import { Command, InvalidArgumentError } from "commander";
import { type AdminOptions, adminClient, withAdminOptions } from "./admin-connection.ts";
import { operationsTable, poolsText } from "./key-pool-text.ts";
import { printAnswer } from "./print.ts";
import { waitForOperation } from "./wait-for-operation.ts";

const MAX_LISTED = 100;

interface StartOptions extends AdminOptions {
  reason: string;
  wait?: true;
}

/** `countersign keys …` */
export function keysCommand(): Command {
  const keys = new Command("keys");
  withAdminOptions(
    keys.command("list").description("show the relayers' keys, and what is done to them"),
  ).action(async (options: AdminOptions) => {
    const answer = await adminClient(KeyPoolService, options).listKeyPools({});
    printAnswer(ListKeyPoolsResponseSchema, answer, options, ({ pools }) => poolsText(pools));
  });
  onAccount(keys.command("add").description("a key more")).action((account: string, options: StartOptions) =>
    start(account, KeyOperationKind.ADD, "", options),
  );
  onAccount(keys.command("drain").description("a key less: drained, deleted from the account, retired"))
    .argument("<key-id>", "the key that goes")
    .action((account: string, keyId: string, options: StartOptions) =>
      start(account, KeyOperationKind.DRAIN, keyId, options),
    );
  onAccount(keys.command("rotate").description("a new key in the place of another one"))
    .argument("<key-id>", "the key that goes")
    .action((account: string, keyId: string, options: StartOptions) =>
      start(account, KeyOperationKind.ROTATE, keyId, options),
    );
  withAdminOptions(
    keys.command("operations").description("what was done to an account's keys").argument("<account>"),
  )
    .option("--limit <count>", `most that are shown, up to ${MAX_LISTED}`, listLimit, 0)
    .action(async (accountId: string, options: AdminOptions & { limit: number }) => {
      const query = { accountId, pageSize: options.limit };
      const answer = await adminClient(KeyPoolService, options).listKeyOperations(query);
      printAnswer(ListKeyOperationsResponseSchema, answer, options, (a) => operationsTable(a.operations));
    });
  withAdminOptions(onOperation(keys.command("show").description("show an operation"))).action(
    async (id: string, options: AdminOptions) => {
      const answer = await adminClient(KeyPoolService, options).getKeyOperation({ id });
      printAnswer(GetKeyOperationResponseSchema, answer, options, tableOf);
    },
  );
  withAdminOptions(onOperation(keys.command("cancel").description("leave an operation as it is, for good")))
    .requiredOption("--reason <text>", "why, for the audit log")
    .action(async (id: string, options: AdminOptions & { reason: string }) => {
      const { reason } = options;
      const answer = await adminClient(KeyPoolService, options).cancelKeyOperation({ id, reason });
      printAnswer(CancelKeyOperationResponseSchema, answer, options, tableOf);
      if (answer.operation?.step === KeyOperationStep.DONE) throw new Error(`${id} was done before`);
    });
  return keys;
}

function onAccount(command: Command): Command {
  return withAdminOptions(command)
    .argument("<account>", "the relayer's account")
    .requiredOption("--reason <text>", "why, for the audit log and for the others")
    .option("--wait", "show how it goes, until the end");
}

function onOperation(command: Command): Command {
  return command.argument("<operation-id>");
}

async function start(
  accountId: string,
  kind: KeyOperationKind,
  oldKeyId: string,
  options: StartOptions,
): Promise<void> {
  const client = adminClient(KeyPoolService, options);
  const answer = await client.startKeyOperation({ accountId, kind, oldKeyId, reason: options.reason });
  if (!options.wait || answer.operation === undefined) {
    printAnswer(StartKeyOperationResponseSchema, answer, options, tableOf);
    return;
  }
  await waitForOperation(client, answer.operation, options);
}

function tableOf({ operation }: { readonly operation?: KeyOperation | undefined }): string {
  return operationsTable(operation === undefined ? [] : [operation]);
}

function listLimit(text: string): number {
  const limit = Number(text);
  if (!/^\d{1,3}$/.test(text) || limit < 1 || limit > MAX_LISTED) {
    throw new InvalidArgumentError(`It must be a number from 1 to ${MAX_LISTED}.`);
  }
  return limit;
}
