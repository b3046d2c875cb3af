import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import type { HeldKey } from "../lanes/lane-pool.ts";
import type { KeyOperation, KeyOperationKind, KeyOperationStore } from "../ledger/ledger.ts";
import type { Events } from "../observability/events.ts";
import { startedEvent } from "./operation-audit.ts";
import { operationName } from "./operation-id.ts";
import type { PoolAccount } from "./pool-settings.ts";
import { firstStep } from "./step-order.ts";

/** What somebody wants done to an account's keys. */
export interface OperationRequest {
  readonly accountId: string;
  readonly kind: KeyOperationKind;
  /** The key that goes; empty for ADD. */
  readonly oldKeyId: string;
  readonly actor: string;
  readonly reason: string;
}

export interface BeginContext {
  readonly network: string;
  readonly accounts: readonly PoolAccount[];
  readonly ledger: Pick<KeyOperationStore, "startKeyOperation" | "openKeyOperations">;
  readonly listKeys: (signal: AbortSignal) => Promise<readonly HeldKey[]>;
  readonly events: Pick<Events, "keyOperationStarted">;
  readonly now: () => Date;
  readonly randomBytes: (length: number) => Uint8Array;
  /** Told that there is something to do. */
  readonly onStarted: () => void;
}

/**
 * Begins an operation, or answers the one that runs when it is the same. Throws KEY_POOL_NOT_FOUND, FIELD_INVALID,
 * KEY_OPERATION_RUNNING, SIGNER_KEY_NOT_FOUND, SIGNER_KEY_STATE_CONFLICT, SIGNER_UNAVAILABLE and LEDGER_UNAVAILABLE.
 */
export async function beginOperation(
  context: BeginContext,
  request: OperationRequest,
  signal: AbortSignal,
): Promise<KeyOperation> {
  const { network, ledger, listKeys, events, now, randomBytes, onStarted } = context;
  const { accountId, kind, oldKeyId, actor, reason } = request;
  const pool = context.accounts.find((account) => account.accountId === accountId)?.pool;
  if (pool === undefined) {
    const message = `the relay's configuration has no pool of keys for ${accountId}`;
    throw new DomainError(ErrorReason.KEY_POOL_NOT_FOUND, message);
  }
  if ((kind === "ADD") !== (oldKeyId === "")) {
    const message =
      kind === "ADD" ? "old_key_id must be empty for ADD" : "old_key_id must name the key that goes";
    throw new DomainError(ErrorReason.FIELD_INVALID, message);
  }
  const open = await ledger.openKeyOperations(network);
  const running = open.find((operation) => operation.accountId === accountId);
  if (running !== undefined) return asAsked(running, request);
  const old = kind === "ADD" ? undefined : oldKeyOf(request, network, await listKeys(signal));

  const createdAt = now();
  const { id, short } = operationName(createdAt, randomBytes);
  const operation: KeyOperation = {
    ...{ id, network, accountId, kind, actor, reason, createdAt },
    step: firstStep(kind),
    newKeyId: kind === "DRAIN" ? "" : pool.keyIdPrefix + short,
    newPublicKey: "",
    oldKeyId,
    oldPublicKey: old?.publicKey ?? "",
    ...{ submissionId: "", failedSubmissions: 0, tries: 0, problem: "" },
    ...{ tryAt: createdAt, stepAt: createdAt, endedAt: null, version: 1 },
  };
  const started = await ledger.startKeyOperation(operation, startedEvent(operation));
  if (started.outcome === "running") return asAsked(started.operation, request);
  events.keyOperationStarted({ operationId: id, accountId, kind, actor });
  onStarted();
  return operation;
}

/** Throws KEY_OPERATION_RUNNING when it is another one. */
function asAsked(running: KeyOperation, { kind, oldKeyId, accountId }: OperationRequest): KeyOperation {
  if (running.kind === kind && running.oldKeyId === oldKeyId) return running;
  const message = `${running.id} (${running.kind}) runs on the keys of ${accountId}: wait for it, or cancel it`;
  throw new DomainError(ErrorReason.KEY_OPERATION_RUNNING, message);
}

/** Throws SIGNER_KEY_NOT_FOUND, and SIGNER_KEY_STATE_CONFLICT where the operation could never come to its end. */
function oldKeyOf(
  { accountId, kind, oldKeyId }: OperationRequest,
  network: string,
  held: readonly HeldKey[],
): HeldKey {
  const ofAccount = held.filter((key) => key.network === network && key.accountId === accountId);
  const old = ofAccount.find(({ keyId }) => keyId === oldKeyId);
  if (old === undefined) {
    const message = `the signer holds no key ${oldKeyId} for ${accountId}`;
    throw new DomainError(ErrorReason.SIGNER_KEY_NOT_FOUND, message);
  }
  const conflict = (message: string) => new DomainError(ErrorReason.SIGNER_KEY_STATE_CONFLICT, message);
  if (old.state === "RETIRED") throw conflict(`key ${oldKeyId} is retired`);
  if (kind === "ROTATE" && old.state === "PENDING")
    throw conflict(`key ${oldKeyId} is not used yet: drain it, and add one`);
  const leavesNone =
    kind === "DRAIN" && old.state === "ACTIVE" && !ofAccount.some((key) => key !== old && key.signs);
  if (leavesNone) throw conflict(`no other key of ${accountId} signs: add one first, or rotate this one`);
  return old;
}
