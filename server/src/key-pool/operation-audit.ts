import type { AuditEvent, KeyOperation, KeyOperationStep } from "../ledger/ledger.ts";

/** What the relay's own audit log says of operations. */
export function startedEvent(operation: KeyOperation): AuditEvent {
  const { id, accountId, kind, newKeyId, oldKeyId, actor, reason, createdAt } = operation;
  return {
    ...{ tenant: "", kind: "key_operation.started", actor, at: createdAt },
    detail: {
      ...{ operation: id, account: accountId, operation_kind: kind, reason },
      ...(newKeyId === "" ? {} : { new_key: newKeyId }),
      ...(oldKeyId === "" ? {} : { old_key: oldKeyId }),
    },
  };
}

/** A step that is done, and the one that comes now. */
export function movedEvent(operation: KeyOperation, to: KeyOperationStep, at: Date): AuditEvent {
  const { id, accountId, step, newPublicKey, oldPublicKey } = operation;
  return {
    ...{ tenant: "", kind: "key_operation.moved", actor: "relay", at },
    detail: {
      ...{ operation: id, account: accountId, from: step, to },
      ...(newPublicKey === "" ? {} : { new_public_key: newPublicKey }),
      ...(oldPublicKey === "" ? {} : { old_public_key: oldPublicKey }),
    },
  };
}

export function cancelledEvent(operation: KeyOperation, actor: string, reason: string, at: Date): AuditEvent {
  const { id, accountId, step } = operation;
  return {
    ...{ tenant: "", kind: "key_operation.cancelled", actor, at },
    detail: { operation: id, account: accountId, step, reason },
  };
}
