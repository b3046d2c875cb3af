import type { DescMethodUnary } from "@bufbuild/protobuf";
import { PauseLevel } from "@countersign/gen/countersign/admin/v1/pause_pb.ts";
import { PauseService } from "@countersign/gen/countersign/admin/v1/pause_service_pb.ts";
import { TenantService } from "@countersign/gen/countersign/admin/v1/tenant_service_pb.ts";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { LockSuite } from "@countersign/gen/countersign/lock/v1/lock_pb.ts";
import { LockService } from "@countersign/gen/countersign/lock/v1/lock_service_pb.ts";
import { lockSuite } from "@countersign/signer-service/lock/lock-suites.ts";
import { expect } from "vitest";
import {
  type LockClient,
  type LockWorld,
  startLockRelay,
  startLockWorld,
  TENANT,
} from "../../lock/relay/support/lock-relay.ts";
import { startLockSigner } from "../../lock/signer/lock-signer.ts";
import { createOperator } from "../../protection/support/admin.ts";
import type { ContractCase } from "../support/contract-case.ts";
import { type Call, expectRefusal } from "../support/refusal.ts";

const { method } = LockService;
const suite = LockSuite.RISTRETTO255_V1;
const element = lockSuite(1).multiplyBase(new Uint8Array(32).fill(9));
/** Of an element's size. */
const noElement = new Uint8Array(32).fill(0xff);

interface LockCall {
  readonly method: DescMethodUnary;
  /** A good call, with these changes. */
  readonly make: (
    client: LockClient,
    keyId: string,
    changes?: { tenant?: string; element?: Uint8Array },
  ) => Call;
  readonly answer: (keyId: string) => object;
}

const CALLS: readonly LockCall[] = [
  {
    method: method.getKeyInfo,
    make: (client, _, { tenant = TENANT } = {}) => {
      return (options) => client.getKeyInfo({ tenant }, options);
    },
    answer: (keyId) => ({ keys: [{ keyId, suite, current: true }] }),
  },
  {
    method: method.applyServerLock,
    make: (client, _, changes) => {
      return (options) => client.applyServerLock({ tenant: TENANT, suite, element, ...changes }, options);
    },
    answer: (keyId) => ({ key: { keyId, suite, current: true } }),
  },
  {
    method: method.removeServerLock,
    make: (client, keyId, changes) => {
      return (options) => client.removeServerLock({ tenant: TENANT, keyId, element, ...changes }, options);
    },
    answer: (keyId) => ({ key: { keyId, suite, current: true } }),
  },
];

/** Of each method: a call that is refused, by a relay that has a key. */
function refused(
  outcome: ErrorReason,
  what: string,
  call: (world: LockWorld, make: LockCall["make"]) => Call | Promise<Call>,
  of: readonly DescMethodUnary[] = Object.values(method),
): ContractCase[] {
  return CALLS.filter((one) => of.includes(one.method)).map((one) => ({
    method: one.method,
    outcome,
    what,
    run: async () => expectRefusal(await call(await startLockWorld(), one.make), outcome),
  }));
}

const successes = CALLS.map(({ method: of, make, answer }): ContractCase => {
  return {
    method: of,
    outcome: "success",
    what: "anybody who names the tenant",
    run: async () => {
      const { client, keyId } = await startLockWorld();
      expect(await make(client, keyId)({ headers: {} })).toMatchObject(answer(keyId));
    },
  };
});

const disabledTenant = CALLS.map(({ method: of, make }): ContractCase => {
  return {
    method: of,
    outcome: ErrorReason.TENANT_DISABLED,
    what: "a disabled tenant",
    run: async () => {
      const operator = await createOperator();
      const { app, client, keyId } = await startLockWorld({
        settings: { admin: operator.setting },
        tenants: [{ tenant: TENANT }],
      });
      const tenants = operator.client(TenantService, app.adminAddress);
      await tenants.updateTenant({ tenant: TENANT, expectedVersion: 1n, disabled: true });
      await expectRefusal(make(client, keyId), ErrorReason.TENANT_DISABLED);
    },
  };
});

const lockless = CALLS.map(({ method: of, make }): ContractCase => {
  return {
    method: of,
    outcome: ErrorReason.LOCK_DISABLED,
    what: "a signer that has no lock key yet",
    run: async () => {
      const signer = await startLockSigner();
      const { client } = await startLockRelay({ signer: signer.address });
      await expectRefusal(make(client, "x"), ErrorReason.LOCK_DISABLED);
    },
  };
});

const paused: ContractCase = {
  method: method.applyServerLock,
  outcome: ErrorReason.PAUSED,
  what: "the relay is paused",
  run: async () => {
    const operator = await createOperator();
    const { app, client } = await startLockWorld({ settings: { admin: operator.setting } });
    await operator.client(PauseService, app.adminAddress).pause({ level: PauseLevel.RELAY, reason: "test" });
    await expectRefusal(
      (options) => client.applyServerLock({ tenant: TENANT, suite, element }, options),
      ErrorReason.PAUSED,
    );
  },
};

const limited: ContractCase = {
  method: method.removeServerLock,
  outcome: ErrorReason.RATE_LIMITED,
  what: "more locks of an address than it may have taken off",
  run: async () => {
    const { client, keyId } = await startLockWorld({ rates: { lock: { per_second: 0.001, burst: 1 } } });
    await client.removeServerLock({ tenant: TENANT, keyId, element });
    await expectRefusal(
      (options) => client.removeServerLock({ tenant: TENANT, keyId, element }, options),
      ErrorReason.RATE_LIMITED,
    );
  },
};

/** What LockService answers. */
export const lockCases: readonly ContractCase[] = [
  ...successes,
  ...refused(ErrorReason.TENANT_NOT_FOUND, "a tenant that is none", ({ client, keyId }, make) =>
    make(client, keyId, { tenant: "nobody" }),
  ),
  ...disabledTenant,
  ...refused(ErrorReason.ORIGIN_NOT_ALLOWED, "a page of nobody's", ({ seenWith, keyId }, make) =>
    make(seenWith({ origin: "https://evil.example" }), keyId),
  ),
  ...lockless,
  ...refused(
    ErrorReason.SIGNER_UNAVAILABLE,
    "a signer that is away",
    async ({ client, keyId, signer }, make) => {
      await signer.drain();
      return make(client, keyId);
    },
  ),
  ...refused(
    ErrorReason.LOCK_ELEMENT_INVALID,
    "bytes that are no element",
    ({ client, keyId }, make) => make(client, keyId, { element: noElement }),
    [method.applyServerLock, method.removeServerLock],
  ),
  ...refused(
    ErrorReason.LOCK_ELEMENT_INVALID,
    "a size that no element has",
    ({ client, keyId }, make) => make(client, keyId, { element: new Uint8Array(33) }),
    [method.applyServerLock, method.removeServerLock],
  ),
  ...refused(
    ErrorReason.LOCK_KEY_UNKNOWN,
    "a key that nobody made",
    ({ client }, make) => make(client, "A".repeat(22)),
    [method.removeServerLock],
  ),
  ...refused(
    ErrorReason.FIELD_INVALID,
    "no element at all",
    ({ client, keyId }, make) => make(client, keyId, { element: new Uint8Array() }),
    [method.applyServerLock, method.removeServerLock],
  ),
  paused,
  limited,
];
