import type { Engine } from "./engine.ts";
import { addIdentity, notePasskeyUse, removeIdentity } from "./identities.ts";
import { findPasskey, findUserOfAccount, readUser, usersMergedInto } from "./user-rows.ts";
import type { UserStore } from "./user-types.ts";
import { createUser, mergeUsers } from "./users.ts";

export function userStoreOver(engine: Engine): UserStore {
  return {
    findUser: (tenant, userId) => engine.snapshot((trx) => readUser(trx, tenant, userId)),
    findMergedUsers: (tenant, userId) => engine.read((db) => usersMergedInto(db, tenant, userId)),
    findPasskey: (tenant, credentialId) => engine.read((db) => findPasskey(db, tenant, credentialId)),
    findUserOfAccount: (tenant, account) => engine.snapshot((trx) => findUserOfAccount(trx, tenant, account)),
    createUser: (tenant, userId, identity, audit) => createUser(engine, tenant, userId, identity, audit),
    addIdentity: (tenant, userId, identity, audit) => addIdentity(engine, tenant, userId, identity, audit),
    removeIdentity: (tenant, userId, identityId, audit) =>
      removeIdentity(engine, tenant, userId, identityId, audit),
    mergeUsers: (tenant, userId, otherId, audit) => mergeUsers(engine, tenant, userId, otherId, audit),
    notePasskeyUse: (tenant, credentialId, use, audit) =>
      notePasskeyUse(engine, tenant, credentialId, use, audit),
  };
}
