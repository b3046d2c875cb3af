import {
  type KeyOperation,
  KeyOperationKindSchema,
  KeyOperationStepSchema,
  type KeyPool,
  PoolKeyStateSchema,
} from "@countersign/gen/countersign/admin/v1/key_pool_pb.ts";
import { enumText, formatTable, printable } from "./print.ts";
import { timeText } from "./time-text.ts";

/** Each pool with its keys, and the operation that runs. */
export function poolsText(pools: readonly KeyPool[]): string {
  return pools.map(poolText).join("\n");
}

function poolText({ accountId, managed, minKeys, maxKeys, keys, operation }: KeyPool): string {
  const size = maxKeys === 0 ? "sized by operators" : `${minKeys} to ${maxKeys} keys`;
  const heading = `${printable(accountId)}: ${managed ? size : "no pool: keys are added and drained by hand"}\n`;
  const table = formatTable({
    columns: ["KEY ID", "STATE", "LANE", "OPEN", "PUBLIC KEY"],
    rows: keys.map((key) => [
      key.keyId,
      enumText(PoolKeyStateSchema, key.state).toLowerCase() + (key.paused ? " (paused)" : ""),
      key.lane,
      String(key.openSubmissions),
      key.publicKey,
    ]),
  });
  return heading + table + (operation === undefined ? "" : operationsTable([operation]));
}

export function operationsTable(operations: readonly KeyOperation[]): string {
  return formatTable({
    columns: ["OPERATION", "KIND", "STEP", "SINCE", "NEW KEY", "OLD KEY", "BY", "REASON", "PROBLEM"],
    rows: operations.map((o) => [
      o.id,
      enumText(KeyOperationKindSchema, o.kind).toLowerCase(),
      stepText(o),
      timeText(o.stepTime),
      o.newKeyId,
      o.oldKeyId,
      o.actor,
      o.reason,
      o.problem,
    ]),
  });
}

/** For example "adding". */
export function stepText({ step }: Pick<KeyOperation, "step">): string {
  return enumText(KeyOperationStepSchema, step).toLowerCase();
}
