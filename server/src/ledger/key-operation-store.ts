import type { Engine } from "./engine.ts";
import type { KeyOperationStore } from "./key-operation-types.ts";
import {
  changeKeyOperation,
  findKeyOperation,
  listKeyOperations,
  openByKey,
  openKeyChange,
  openKeyOperations,
  startKeyOperation,
} from "./key-operations.ts";

/** Urgent, as the lanes' leases are: a flood of calls is what more keys are for. */
export function keyOperationStoreOver({ urgent }: Pick<Engine, "urgent">): KeyOperationStore {
  return {
    startKeyOperation: (operation, audit) => urgent.write((trx) => startKeyOperation(trx, operation, audit)),
    findKeyOperation: (network, id) => urgent.read((db) => findKeyOperation(db, network, id)),
    openKeyOperations: (network) => urgent.read((db) => openKeyOperations(db, network)),
    listKeyOperations: (network, account, limit) =>
      urgent.read((db) => listKeyOperations(db, network, account, limit)),
    changeKeyOperation: (seen, change, audit) =>
      urgent.write((trx) => changeKeyOperation(trx, seen, change, audit)),
    openByKey: (network, account) => urgent.read((db) => openByKey(db, network, account)),
    openKeyChange: (network, account) => urgent.read((db) => openKeyChange(db, network, account)),
  };
}
