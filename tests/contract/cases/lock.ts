import type { DescMethodUnary } from "@bufbuild/protobuf";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { LockSuite } from "@countersign/gen/countersign/lock/v1/lock_pb.ts";
import { LockService } from "@countersign/gen/countersign/lock/v1/lock_service_pb.ts";
import { lockSuite } from "@countersign/signer-service/lock/lock-suites.ts";
import { expect } from "vitest";
import type { LockSubject, LockSubjectOptions, StartLock } from "../../lock/lock-target.ts";
import { type LockClient, startLockOnNode, TENANT } from "../../lock/relay/support/lock-relay.ts";
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

/** What LockService answers, on the platform where `start` starts a relay. */
export function lockCasesOf(start: StartLock): readonly ContractCase[] {
  /** Of each method: a call that is refused. */
  const refused = (
    outcome: ErrorReason,
    what: string,
    call: (subject: LockSubject, make: LockCall["make"]) => Call,
    options: LockSubjectOptions = {},
    of: readonly DescMethodUnary[] = Object.values(method),
  ): ContractCase[] =>
    CALLS.filter((one) => of.includes(one.method)).map((one) => ({
      ...{ method: one.method, outcome, what },
      run: async () => expectRefusal(call(await start(options), one.make), outcome),
    }));
  const asIs = ({ client, keyId }: LockSubject, make: LockCall["make"]) => make(client, keyId);
  const withElement = [method.applyServerLock, method.removeServerLock];
  return [
    ...CALLS.map(
      ({ method: of, make, answer }): ContractCase => ({
        method: of,
        outcome: "success",
        what: "anybody who names the tenant",
        run: async () => {
          const { client, keyId } = await start();
          expect(await make(client, keyId)({ headers: {} })).toMatchObject(answer(keyId));
        },
      }),
    ),
    ...refused(ErrorReason.TENANT_NOT_FOUND, "a tenant that is none", ({ client, keyId }, make) =>
      make(client, keyId, { tenant: "nobody" }),
    ),
    ...refused(ErrorReason.TENANT_DISABLED, "a disabled tenant", asIs, { fault: "tenant-disabled" }),
    ...refused(ErrorReason.ORIGIN_NOT_ALLOWED, "a page of nobody's", ({ seenWith, keyId }, make) =>
      make(seenWith({ origin: "https://evil.example" }), keyId),
    ),
    ...refused(ErrorReason.LOCK_DISABLED, "no lock key yet", ({ client }, make) => make(client, "x"), {
      fault: "no-key",
    }),
    ...refused(ErrorReason.SIGNER_UNAVAILABLE, "keys that are away", asIs, { fault: "keys-away" }),
    ...refused(
      ErrorReason.LOCK_ELEMENT_INVALID,
      "bytes that are no element",
      ({ client, keyId }, make) => make(client, keyId, { element: noElement }),
      {},
      withElement,
    ),
    ...refused(
      ErrorReason.LOCK_ELEMENT_INVALID,
      "a size that no element has",
      ({ client, keyId }, make) => make(client, keyId, { element: new Uint8Array(33) }),
      {},
      withElement,
    ),
    ...refused(
      ErrorReason.LOCK_KEY_UNKNOWN,
      "a key that nobody made",
      ({ client }, make) => make(client, "A".repeat(22)),
      {},
      [method.removeServerLock],
    ),
    ...refused(
      ErrorReason.FIELD_INVALID,
      "no element at all",
      ({ client, keyId }, make) => make(client, keyId, { element: new Uint8Array() }),
      {},
      withElement,
    ),
    ...refused(ErrorReason.PAUSED, "the relay is paused", asIs, { fault: "paused" }, [
      method.applyServerLock,
    ]),
    {
      method: method.removeServerLock,
      outcome: ErrorReason.RATE_LIMITED,
      what: "more locks of an address than it may have taken off",
      run: async () => {
        const { client, keyId } = await start({ rates: { lock: { per_second: 0.001, burst: 1 } } });
        await client.removeServerLock({ tenant: TENANT, keyId, element });
        await expectRefusal(
          (options) => client.removeServerLock({ tenant: TENANT, keyId, element }, options),
          ErrorReason.RATE_LIMITED,
        );
      },
    },
  ];
}

/** Of a relay on Node, before its signer. */
export const lockCases: readonly ContractCase[] = lockCasesOf(startLockOnNode);
