import type { KeyOperation } from "@countersign/server/ledger/ledger.ts";
import { at, NETWORK } from "../../ledger/builders.ts";
import { ACCOUNT } from "./pool-world.ts";

/** An ADD that has just begun. */
export function operation(id: string, changes: Partial<KeyOperation> = {}): KeyOperation {
  return {
    ...{ id, network: NETWORK, accountId: ACCOUNT, kind: "ADD", step: "GENERATING" },
    ...{ newKeyId: `pool-${id}`, newPublicKey: "", oldKeyId: "", oldPublicKey: "" },
    ...{ submissionId: "", failedSubmissions: 0, tries: 0, problem: "", tryAt: at(0) },
    ...{ actor: "admin:ops", reason: "test", createdAt: at(0), stepAt: at(0), endedAt: null, version: 1 },
    ...changes,
  };
}

/** A rotation of key "old". */
export function rotation(id: string, changes: Partial<KeyOperation> = {}): KeyOperation {
  return operation(id, { kind: "ROTATE", oldKeyId: "old", oldPublicKey: "ed25519:old", ...changes });
}
