import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import {
  ActivateKeyResponseSchema,
  DrainKeyResponseSchema,
  GenerateKeyResponseSchema,
  type KeyStatus,
  PauseKeyResponseSchema,
  ResumeKeyResponseSchema,
  RetireKeyResponseSchema,
} from "@countersign/gen/countersign/signer/v1/signer_admin_pb.ts";
import { Command } from "commander";
import { type AdminOptions, adminClient, withAdminOptions } from "./admin-connection.ts";
import { printAnswer } from "./admin-output.ts";
import { networkOf } from "./chain-view.ts";
import { keyOf, nonceOnChain } from "./floors.ts";
import { keyStatusText } from "./key-status-table.ts";
import { nonceFrom } from "./nonce-option.ts";

interface KeyOptions extends AdminOptions {
  keyId: string;
}

/** `signer key …`: the lives of a running signer's keys. */
export function keyCommand(): Command {
  const key = new Command("key");
  step("pause", "stops a key at once, until it is resumed")
    .requiredOption("--reason <text>", "why, for the audit and for whoever looks next")
    .action(async (options: KeyOptions & { reason: string }) => {
      const { keyId, reason } = options;
      print(PauseKeyResponseSchema, await adminClient(options).pauseKey({ keyId, reason }), options);
    });
  step("resume", "lets a paused key sign again").action(async (options: KeyOptions) => {
    const { keyId } = options;
    print(ResumeKeyResponseSchema, await adminClient(options).resumeKey({ keyId }), options);
  });
  step("generate", "makes a key in a backend; it is pending until it is activated")
    .requiredOption("--backend <name>", "where, by its name in the signer's configuration")
    .requiredOption("--network <name>", "the one network that the key belongs to")
    .requiredOption("--account <name>", "account whose access key it becomes")
    .action(async (options: KeyOptions & { backend: string; network: string; account: string }) => {
      const { keyId, backend, network, account: accountId } = options;
      const answer = await adminClient(options).generateKey({ keyId, backend, network, accountId });
      print(GenerateKeyResponseSchema, answer, options);
    });
  step("activate", "makes a pending key active, once it is on the chain")
    .option("--rpc <url...>", "NEAR nodes to read its nonce from")
    .option("--nonce <number>", "its nonce on the chain, where no node is at hand", nonceFrom)
    .action(activate);
  step("drain", "makes an active key sign nothing new").action(async (options: KeyOptions) => {
    const { keyId } = options;
    print(DrainKeyResponseSchema, await adminClient(options).drainKey({ keyId }), options);
  });
  step("retire", "gives a pending or drained key up, for good").action(async (options: KeyOptions) => {
    const { keyId } = options;
    print(RetireKeyResponseSchema, await adminClient(options).retireKey({ keyId }), options);
  });
  return key;

  function step(name: string, description: string): Command {
    const command = key.command(name).description(description);
    return withAdminOptions(command).requiredOption("--key-id <id>", "the key");
  }
}

async function activate(options: KeyOptions & { rpc?: string[]; nonce?: bigint }): Promise<void> {
  const { keyId, rpc, nonce } = options;
  if ((rpc === undefined) === (nonce === undefined)) throw new Error("either --rpc or --nonce is needed");
  const client = adminClient(options);
  let nonceFloor = nonce;
  if (rpc !== undefined) {
    const status = keyOf((await client.getStatus({})).keys, keyId);
    nonceFloor = await nonceOnChain(status, await networkOf(rpc), rpc);
  }
  print(
    ActivateKeyResponseSchema,
    await client.activateKey({ keyId, nonceFloor: nonceFloor ?? 0n }),
    options,
  );
}

function print<D extends DescMessage>(
  schema: D,
  answer: MessageShape<D> & { key?: KeyStatus | undefined },
  options: AdminOptions,
): void {
  printAnswer(schema, answer, options, () => keyStatusText(answer.key));
}
