import { setTimeout as delay } from "node:timers/promises";
import { toJson } from "@bufbuild/protobuf";
import { type Client, Code, ConnectError } from "@connectrpc/connect";
import {
  type KeyOperation,
  KeyOperationSchema,
  KeyOperationStep,
} from "@countersign/gen/countersign/admin/v1/key_pool_pb.ts";
import type { KeyPoolService } from "@countersign/gen/countersign/admin/v1/key_pool_service_pb.ts";
import { stepText } from "./key-pool-text.ts";
import { printable } from "./print.ts";

/** Pause between two looks, in milliseconds. */
const LOOK_MS = 1_000;
const INTERRUPTED = 130;

/**
 * Prints each step and each problem as it comes; with `json` an operation a line. Throws when the operation was cancelled.
 * SIGINT leaves it running: exit code 130.
 */
export async function waitForOperation(
  client: Pick<Client<typeof KeyPoolService>, "getKeyOperation">,
  started: KeyOperation,
  { json }: { readonly json?: true },
): Promise<void> {
  const stop = new AbortController();
  const onInterrupt = () => stop.abort();
  process.once("SIGINT", onInterrupt);
  try {
    await follow(client, started, json === true, stop.signal);
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    process.stderr.write(`${started.id} goes on: countersign keys show ${started.id}\n`);
    process.exitCode = INTERRUPTED;
  } finally {
    process.off("SIGINT", onInterrupt);
  }
}

async function follow(
  client: Pick<Client<typeof KeyPoolService>, "getKeyOperation">,
  started: KeyOperation,
  json: boolean,
  signal: AbortSignal,
): Promise<void> {
  let shown = "";
  for (let operation = started; ; ) {
    const line = json ? jsonLine(operation) : textLine(operation);
    if (line !== shown) process.stdout.write(line);
    shown = line;
    if (operation.step === KeyOperationStep.DONE) return;
    if (operation.step === KeyOperationStep.CANCELLED) throw new Error(`${operation.id} was cancelled`);
    await delay(LOOK_MS, undefined, { signal });
    operation = (await look(client, operation.id, signal)) ?? operation;
  }
}

/** Undefined while the relay gives no answer, as when it restarts: the operation goes on without whoever waits. */
async function look(
  client: Pick<Client<typeof KeyPoolService>, "getKeyOperation">,
  id: string,
  signal: AbortSignal,
): Promise<KeyOperation | undefined> {
  try {
    return (await client.getKeyOperation({ id }, { signal })).operation;
  } catch (error) {
    if (signal.aborted || ConnectError.from(error).code !== Code.Unavailable) throw error;
    return undefined;
  }
}

function textLine(operation: KeyOperation): string {
  const { id, problem } = operation;
  return `${id}: ${stepText(operation)}${problem === "" ? "" : `: ${printable(problem)}`}\n`;
}

function jsonLine(operation: KeyOperation): string {
  return `${JSON.stringify(toJson(KeyOperationSchema, operation, { useProtoFieldName: true, alwaysEmitImplicit: true }))}\n`;
}
