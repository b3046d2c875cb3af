import type { DescMethod } from "@bufbuild/protobuf";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { LockSuite } from "@countersign/gen/countersign/lock/v1/lock_pb.ts";
import { KeyPoolSignerService } from "@countersign/gen/countersign/signer/v1/key_pool_signer_service_pb.ts";
import { LockSignerService } from "@countersign/gen/countersign/signer/v1/lock_signer_service_pb.ts";
import { RelayerSignerService } from "@countersign/gen/countersign/signer/v1/relayer_signer_service_pb.ts";
import { SignerAdminService } from "@countersign/gen/countersign/signer/v1/signer_admin_service_pb.ts";
import { expect, onTestFinished } from "vitest";
import { RELAYER } from "../../signer/support/transactions.ts";
import type { ContractCase } from "../support/contract-case.ts";
import { type Call, expectRefusal } from "../support/refusal.ts";
import type { SignerPostgresWorld } from "../support/signer-postgres.ts";

const { method } = SignerAdminService;
const KEY = { keyId: "a" };

/** A good call of every method. */
const CALLS: readonly (readonly [DescMethod, (world: SignerPostgresWorld) => Call])[] = [
  [
    RelayerSignerService.method.getPublicKey,
    ({ client }) =>
      (o) =>
        client.getPublicKey(KEY, o),
  ],
  [
    RelayerSignerService.method.listKeys,
    ({ client }) =>
      (o) =>
        client.listKeys({}, o),
  ],
  [
    RelayerSignerService.method.signTransactions,
    ({ client, transaction }) =>
      (o) =>
        client.signTransactions({ network: "testnet", transactions: [{ ...KEY, transaction }] }, o),
  ],
  [
    method.getStatus,
    ({ admin }) =>
      (o) =>
        admin.getStatus({}, o),
  ],
  [
    method.reload,
    ({ admin }) =>
      (o) =>
        admin.reload({}, o),
  ],
  [
    method.pauseKey,
    ({ admin }) =>
      (o) =>
        admin.pauseKey({ ...KEY, reason: "incident" }, o),
  ],
  [
    method.resumeKey,
    ({ admin }) =>
      (o) =>
        admin.resumeKey(KEY, o),
  ],
  [
    method.generateKey,
    ({ admin }) =>
      (o) =>
        admin.generateKey({ backend: "keystore", keyId: "c", network: "testnet", accountId: RELAYER }, o),
  ],
  [
    method.activateKey,
    ({ admin }) =>
      (o) =>
        admin.activateKey({ ...KEY, nonceFloor: 1n }, o),
  ],
  [
    method.drainKey,
    ({ admin }) =>
      (o) =>
        admin.drainKey(KEY, o),
  ],
  [
    method.retireKey,
    ({ admin }) =>
      (o) =>
        admin.retireKey(KEY, o),
  ],
  [
    method.setNonceFloors,
    ({ admin }) =>
      (o) =>
        admin.setNonceFloors({ floors: [{ ...KEY, nonce: 9n }] }, o),
  ],
  [
    method.installAdminGrant,
    ({ admin, grantOf }) =>
      (o) =>
        admin.installAdminGrant({ grant: grantOf("g") }, o),
  ],
  [
    method.listAdminGrants,
    ({ admin }) =>
      (o) =>
        admin.listAdminGrants({}, o),
  ],
  [
    method.revokeAdminGrant,
    ({ admin }) =>
      (o) =>
        admin.revokeAdminGrant({ id: "g" }, o),
  ],
  [
    method.listLockKeys,
    ({ admin }) =>
      (o) =>
        admin.listLockKeys({}, o),
  ],
  [
    method.rotateLockKey,
    ({ admin }) =>
      (o) =>
        admin.rotateLockKey({ suite: LockSuite.RISTRETTO255_V1 }, o),
  ],
  [
    method.retireLockKey,
    ({ admin }) =>
      (o) =>
        admin.retireLockKey({ keyId: "x" }, o),
  ],
  [
    LockSignerService.method.getLockKeys,
    ({ lock }) =>
      (o) =>
        lock.getLockKeys({}, o),
  ],
  [
    LockSignerService.method.applyLock,
    ({ lock }) =>
      (o) =>
        lock.applyLock({ suite: LockSuite.RISTRETTO255_V1, element: new Uint8Array(32) }, o),
  ],
  [
    LockSignerService.method.removeLock,
    ({ lock }) =>
      (o) =>
        lock.removeLock({ keyId: "x", element: new Uint8Array(32) }, o),
  ],
  [
    KeyPoolSignerService.method.generatePoolKey,
    ({ pools }) =>
      (o) =>
        pools.generatePoolKey({ keyId: "c", network: "testnet", accountId: RELAYER }, o),
  ],
  [
    KeyPoolSignerService.method.activatePoolKey,
    ({ pools }) =>
      (o) =>
        pools.activatePoolKey({ ...KEY, nonceFloor: 1n }, o),
  ],
  [
    KeyPoolSignerService.method.drainPoolKey,
    ({ pools }) =>
      (o) =>
        pools.drainPoolKey(KEY, o),
  ],
  [
    KeyPoolSignerService.method.retirePoolKey,
    ({ pools }) =>
      (o) =>
        pools.retirePoolKey(KEY, o),
  ],
];

/** Every method of the signer without its store. */
export const signerOutageCases: readonly ContractCase[] = CALLS.map(([of, callIn]) => ({
  method: of,
  outcome: ErrorReason.SIGNER_STORE_UNAVAILABLE,
  what: "PostgreSQL is gone",
  needsPostgres: true,
  run: async (worlds) => {
    const world = await worlds.signerPostgres();
    const { admin, gate } = world;
    const state = async () => {
      const [{ keys }, { grants }] = await Promise.all([admin.getStatus({}), admin.listAdminGrants({})]);
      return { keys, grants };
    };
    const before = await state();
    await gate.close();
    onTestFinished(() => gate.open());
    await expectRefusal(callIn(world), ErrorReason.SIGNER_STORE_UNAVAILABLE);
    await gate.open();
    await expect.poll(() => state().catch(() => "away"), { timeout: 20_000 }).toEqual(before);
  },
}));
