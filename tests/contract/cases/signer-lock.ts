import type { DescMethod } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { LockSuite } from "@countersign/gen/countersign/lock/v1/lock_pb.ts";
import { LockSignerService } from "@countersign/gen/countersign/signer/v1/lock_signer_service_pb.ts";
import { LockKeyState } from "@countersign/gen/countersign/signer/v1/signer_admin_pb.ts";
import { SignerAdminService } from "@countersign/gen/countersign/signer/v1/signer_admin_service_pb.ts";
import { lockSuite } from "@countersign/signer-service/lock/lock-suites.ts";
import { expect } from "vitest";
import { makeKey } from "../../lock/relay/support/lock-relay.ts";
import { type LockSigner, startLockSigner } from "../../lock/signer/lock-signer.ts";
import { unixTransport } from "../../signer/support/signer-client.ts";
import type { ContractCase } from "../support/contract-case.ts";
import { startContractSigner } from "../support/contract-signer.ts";
import { type Call, expectRefusal } from "../support/refusal.ts";

const { method } = LockSignerService;
const { method: admin } = SignerAdminService;
const suite = LockSuite.RISTRETTO255_V1;
const element = lockSuite(1).multiplyBase(new Uint8Array(32).fill(9));
/** Of an element's size. */
const noElement = new Uint8Array(32).fill(0xff);

/** A call to either side of the signer. */
type LockSignerCall = (
  signer: Pick<LockSigner, "client" | "admin">,
  options: Parameters<Call>[0],
  keyId: string,
) => Promise<unknown>;

/** A good call of every method about lock keys. */
const CALLS: readonly (readonly [DescMethod, LockSignerCall])[] = [
  [method.getLockKeys, ({ client }, options) => client.getLockKeys({}, options)],
  [method.applyLock, ({ client }, options) => client.applyLock({ suite, element }, options)],
  [method.removeLock, ({ client }, options, keyId) => client.removeLock({ keyId, element }, options)],
  [admin.listLockKeys, (signer, options) => signer.admin.listLockKeys({}, options)],
  [
    admin.rotateLockKey,
    (signer, options, keyId) => signer.admin.rotateLockKey({ suite, replacedKeyId: keyId }, options),
  ],
  [admin.retireLockKey, (signer, options, keyId) => signer.admin.retireLockKey({ keyId }, options)],
];

const lockless = CALLS.map(([of, call]): ContractCase => {
  return {
    method: of,
    outcome: ErrorReason.LOCK_DISABLED,
    what: "a signer without a section of the configuration",
    run: async () => {
      const signer = await startContractSigner();
      const client = createClient(LockSignerService, unixTransport(signer.address));
      const both = { client, admin: signer.admin };
      await expectRefusal((options) => call(both, options, "x"), ErrorReason.LOCK_DISABLED);
    },
  };
});

function succeeds(
  of: DescMethod,
  what: string,
  check: (signer: LockSigner, keyId: string) => Promise<void>,
): ContractCase {
  return {
    method: of,
    outcome: "success",
    what,
    run: async () => {
      const signer = await startLockSigner();
      await check(signer, await makeKey(signer));
    },
  };
}

function refused(of: DescMethod, outcome: ErrorReason, what: string, call: LockSignerCall): ContractCase {
  return {
    method: of,
    outcome,
    what,
    run: async () => {
      const signer = await startLockSigner();
      const keyId = await makeKey(signer);
      const before = await signer.admin.listLockKeys({});
      await expectRefusal((options) => call(signer, options, keyId), outcome);
      expect(await signer.admin.listLockKeys({})).toEqual(before);
    },
  };
}

/** What LockSignerService answers, and SignerAdminService about lock keys; outages stand with the others. */
export const signerLockCases: readonly ContractCase[] = [
  succeeds(method.getLockKeys, "its keys", async ({ client }, keyId) => {
    expect(await client.getLockKeys({})).toMatchObject({ keys: [{ keyId, suite, current: true }] });
  }),
  succeeds(method.applyLock, "the lock of the current key", async ({ client }, keyId) => {
    const { key, proof } = await client.applyLock({ suite, element });
    expect(key?.keyId).toBe(keyId);
    expect(proof).toHaveLength(64);
  }),
  succeeds(method.removeLock, "what was locked", async ({ client }, keyId) => {
    const locked = await client.applyLock({ suite, element });
    expect((await client.removeLock({ keyId, element: locked.element })).element).toEqual(element);
  }),
  succeeds(admin.listLockKeys, "the newest first", async (signer, keyId) => {
    const next = await makeKey(signer, suite, keyId);
    const { keys } = await signer.admin.listLockKeys({});
    expect(keys.map(({ key, state }) => [key?.keyId, state])).toEqual([
      [next, LockKeyState.CURRENT],
      [keyId, LockKeyState.GRACE],
    ]);
  }),
  succeeds(admin.rotateLockKey, "the same key for the same replacement", async (signer, keyId) => {
    const next = await makeKey(signer, suite, keyId);
    expect(await makeKey(signer, suite, keyId)).toBe(next);
  }),
  succeeds(admin.retireLockKey, "a key that is not current any more", async (signer, keyId) => {
    await makeKey(signer, suite, keyId);
    const { key } = await signer.admin.retireLockKey({ keyId });
    expect(key?.state).toBe(LockKeyState.RETIRED);
  }),
  refused(
    method.applyLock,
    ErrorReason.LOCK_ELEMENT_INVALID,
    "bytes that are no element",
    ({ client }, options) => client.applyLock({ suite, element: noElement }, options),
  ),
  refused(
    method.removeLock,
    ErrorReason.LOCK_ELEMENT_INVALID,
    "bytes that are no element",
    ({ client }, options, keyId) => client.removeLock({ keyId, element: noElement }, options),
  ),
  refused(method.removeLock, ErrorReason.LOCK_KEY_UNKNOWN, "a key that nobody made", ({ client }, options) =>
    client.removeLock({ keyId: "A".repeat(22), element }, options),
  ),
  refused(
    admin.rotateLockKey,
    ErrorReason.LOCK_KEY_STATE_CONFLICT,
    "the place of another key than the current one",
    (signer, options) => signer.admin.rotateLockKey({ suite, replacedKeyId: "A".repeat(22) }, options),
  ),
  refused(admin.retireLockKey, ErrorReason.LOCK_KEY_UNKNOWN, "a key that nobody made", (signer, options) =>
    signer.admin.retireLockKey({ keyId: "A".repeat(22) }, options),
  ),
  refused(
    admin.retireLockKey,
    ErrorReason.LOCK_KEY_STATE_CONFLICT,
    "the current key",
    (signer, options, keyId) => signer.admin.retireLockKey({ keyId }, options),
  ),
  ...lockless,
];
