import { rmSync } from "node:fs";
import { dirname } from "node:path";
import type { DescMethod } from "@bufbuild/protobuf";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { KeyPoolSignerService } from "@countersign/gen/countersign/signer/v1/key_pool_signer_service_pb.ts";
import { openBackends } from "@countersign/signer-service/backends/open-backends.ts";
import { expect } from "vitest";
import {
  newKey,
  outcome,
  type PoolSigner,
  poolConfig,
  startPoolSigner,
} from "../../signer/key-pool/support/pool-signer.ts";
import type { ContractCase } from "../support/contract-case.ts";
import { type Call, expectRefusal } from "../support/refusal.ts";

const { method } = KeyPoolSignerService;
type Options = Parameters<Call>[0];
type Pools = PoolSigner["pools"];

/** A signer with a grant of "pool-…", and the pending key "pool-0". */
async function start(): Promise<PoolSigner> {
  const signer = await startPoolSigner();
  await signer.grant("g");
  await signer.pools.generatePoolKey(newKey("pool-0"));
  return signer;
}

function succeeds(of: DescMethod, what: string, check: (pools: Pools) => Promise<void>): ContractCase {
  return { method: of, outcome: "success", what, run: async () => check((await start()).pools) };
}

/** A call that is refused, and changes no key. */
function refused(
  of: DescMethod,
  reason: ErrorReason,
  what: string,
  call: (pools: Pools, options: Options) => Promise<unknown>,
  before: (signer: PoolSigner) => Promise<unknown> = async () => {},
): ContractCase {
  return {
    method: of,
    outcome: reason,
    what,
    run: async () => {
      const signer = await start();
      await before(signer);
      const { keys } = await signer.admin.getStatus({});
      await expectRefusal((options) => call(signer.pools, options), reason);
      expect((await signer.admin.getStatus({})).keys).toEqual(keys);
    },
  };
}

const { SIGNER_POLICY_DENIED, SIGNER_KEY_NOT_FOUND, SIGNER_KEY_STATE_CONFLICT } = ErrorReason;
const { SIGNER_KEY_EXISTS, SIGNER_CONFIG_INVALID, SIGNER_BACKEND_UNAVAILABLE, RELOAD_RUNNING } = ErrorReason;
const revoked = ({ admin }: PoolSigner) => admin.revokeAdminGrant({ id: "g" });
const own = { keyId: "pool-0" };
const nobody = { keyId: "pool-nobody" };

/** Calls that name a key. */
const CALLS = [
  [
    method.activatePoolKey,
    (pools: Pools, key, options) => pools.activatePoolKey({ ...key, nonceFloor: 7n }, options),
  ],
  [method.drainPoolKey, (pools: Pools, key, options) => pools.drainPoolKey(key, options)],
  [method.retirePoolKey, (pools: Pools, key, options) => pools.retirePoolKey(key, options)],
] as const satisfies readonly (readonly [
  DescMethod,
  (pools: Pools, key: { keyId: string }, options: Options) => Promise<unknown>,
])[];

/** What KeyPoolSignerService promises; with the store away in signer-outages.ts. */
export const signerKeyPoolCases: readonly ContractCase[] = [
  succeeds(method.generatePoolKey, "a pending key, and the same one again", async (pools) => {
    const { key } = await pools.generatePoolKey(newKey("pool-1"));
    expect(await outcome(pools.generatePoolKey(newKey("pool-1")))).toBe("PENDING");
    expect((await pools.generatePoolKey(newKey("pool-1"))).key).toEqual(key);
  }),
  succeeds(method.activatePoolKey, "the key, active, and again", async (pools) => {
    for (const nonceFloor of [7n, 8n]) {
      expect(await outcome(pools.activatePoolKey({ ...own, nonceFloor }))).toBe("ACTIVE");
    }
  }),
  succeeds(method.drainPoolKey, "the key, drained, and again", async (pools) => {
    for (const _ of "12") expect(await outcome(pools.drainPoolKey({ keyId: "a" }))).toBe("DRAINED");
  }),
  succeeds(method.retirePoolKey, "the key, retired, and again", async (pools) => {
    for (const _ of "12") expect(await outcome(pools.retirePoolKey(own))).toBe("RETIRED");
  }),
  ...CALLS.flatMap(([of, call]) => [
    refused(of, SIGNER_POLICY_DENIED, "no grant", (pools, options) => call(pools, own, options), revoked),
    refused(of, SIGNER_KEY_NOT_FOUND, "a key that nobody made", (pools, options) =>
      call(pools, nobody, options),
    ),
  ]),
  refused(
    method.activatePoolKey,
    SIGNER_KEY_STATE_CONFLICT,
    "a retired key",
    (pools, options) => pools.activatePoolKey({ ...own, nonceFloor: 7n }, options),
    ({ pools }) => pools.retirePoolKey(own),
  ),
  refused(method.drainPoolKey, SIGNER_KEY_STATE_CONFLICT, "a pending key", (pools, options) =>
    pools.drainPoolKey(own, options),
  ),
  refused(method.retirePoolKey, SIGNER_KEY_STATE_CONFLICT, "an active key", (pools, options) =>
    pools.retirePoolKey({ keyId: "a" }, options),
  ),
  refused(
    method.generatePoolKey,
    SIGNER_POLICY_DENIED,
    "no grant",
    (pools, options) => pools.generatePoolKey(newKey("pool-1"), options),
    revoked,
  ),
  refused(
    method.generatePoolKey,
    SIGNER_KEY_EXISTS,
    "an id that another account's key has",
    (pools, options) => pools.generatePoolKey(newKey("pool-1"), options),
    ({ admin }) => admin.generateKey({ ...newKey("pool-1", "bob.testnet"), backend: "keystore" }),
  ),
  refused(
    method.generatePoolKey,
    SIGNER_CONFIG_INVALID,
    "a grant of a place that there is not",
    (pools, options) => pools.generatePoolKey(newKey("pool-1"), options),
    async (signer) => {
      await revoked(signer);
      await signer.grant("h", { backend: "hsm" });
    },
  ),
  {
    method: method.generatePoolKey,
    outcome: SIGNER_BACKEND_UNAVAILABLE,
    what: "a place that makes no key now",
    run: async () => {
      const config = await poolConfig();
      const { grant, pools } = await startPoolSigner(config);
      await grant("g");
      for (const backend of config.backends) {
        if ("file" in backend) rmSync(dirname(backend.file), { recursive: true });
      }
      const call: Call = (options) => pools.generatePoolKey(newKey("pool-1"), options);
      await expectRefusal(call, SIGNER_BACKEND_UNAVAILABLE);
    },
  },
  {
    method: method.generatePoolKey,
    outcome: RELOAD_RUNNING,
    what: "a reload that is under way",
    run: async () => {
      const opening = Promise.withResolvers<void>();
      const released = Promise.withResolvers<void>();
      let isStarted = false;
      const { grant, pools, reload } = await startPoolSigner(undefined, {
        openBackends: async (configs) => {
          if (isStarted) {
            opening.resolve();
            await released.promise;
          }
          return openBackends(configs);
        },
      });
      isStarted = true;
      await grant("g");
      const running = reload("ops");
      await opening.promise;
      try {
        await expectRefusal((options) => pools.generatePoolKey(newKey("pool-1"), options), RELOAD_RUNNING);
      } finally {
        released.resolve();
        await running;
      }
      expect(await outcome(pools.generatePoolKey(newKey("pool-1")))).toBe("PENDING");
    },
  },
];
