import { LockSuite } from "@countersign/gen/countersign/lock/v1/lock_pb.ts";
import { lockSuite } from "@countersign/signer-service/lock/lock-suites.ts";
import { expect, onTestFinished } from "vitest";
import {
  type LockClient,
  makeKey,
  startLockRelay,
  TENANT,
  TENANTS,
} from "../../../lock/relay/support/lock-relay.ts";
import { type LockSigner, startLockSigner } from "../../../lock/signer/lock-signer.ts";
import { outcomeOf } from "../../../signer/threshold/support/reason.ts";
import { type FaultProxy, startFaultProxy } from "../../../support/fault-proxy.ts";
import type { SeededTenant } from "../../../support/test-tenant.ts";

/** A relay that only locks, behind a proxy, as the wallet sees it. */
export interface FederatedRelay {
  readonly url: string;
  readonly proxy: FaultProxy;
  readonly signer: LockSigner;
  /** Of the relay itself. */
  readonly client: LockClient;
  /** Its current key. */
  keyId: string;
}

export type FederatedRelays = readonly [FederatedRelay, FederatedRelay, ...FederatedRelay[]];

export interface FederationOptions {
  /** How many, at least 2. */
  readonly count?: number;
  /** Whether all relays have one signer, and so the same keys. */
  readonly isShared?: boolean;
  readonly suite?: LockSuite;
  readonly tenants?: readonly SeededTenant[];
}

/** Starts real relays and signers, until the test ends. */
export async function startRelays(options: FederationOptions): Promise<FederatedRelays> {
  const { count = 2, isShared = false, suite = LockSuite.RISTRETTO255_V1, tenants = TENANTS } = options;
  const relays: FederatedRelay[] = [];
  for (let i = 0; i < count; i++) {
    const shared = isShared ? relays[0] : undefined;
    const signer = shared?.signer ?? (await startLockSigner());
    const keyId = shared?.keyId ?? (await makeKey(signer, suite));
    const { app, client } = await startLockRelay({ signer: signer.address, tenants });
    // What loads with the first call is there before anything is timed.
    await client.applyServerLock({ tenant: TENANT, suite, element: elementOf(suite) });
    const proxy = await startFaultProxy(app.address);
    onTestFinished(() => proxy.stop());
    relays.push({ url: proxy.url, proxy, signer, client, keyId });
  }
  const [one, two, ...more] = relays;
  if (one === undefined || two === undefined) throw new Error("a federation has two relays");
  return [one, two, ...more];
}

/** Gives a relay's signer a new key, in the place of its present one; the relay knows it then. */
export async function rotate(relay: FederatedRelay): Promise<void> {
  const { signer, keyId } = relay;
  relay.keyId = await makeKey(signer, LockSuite.RISTRETTO255_V1, keyId);
  await expect.poll(() => currentKeys(relay), { timeout: 10_000 }).toEqual([relay.keyId]);
}

/** Destroys a key, which the relay does not know any more then. */
export async function retire(relay: FederatedRelay, keyId: string): Promise<void> {
  await relay.signer.admin.retireLockKey({ keyId });
  const { client } = relay;
  const element = elementOf(LockSuite.RISTRETTO255_V1);
  const outcome = () => outcomeOf(client.removeServerLock({ tenant: TENANT, keyId, element }));
  await expect.poll(outcome, { timeout: 10_000 }).toBe("LOCK_KEY_UNKNOWN");
}

async function currentKeys({ client }: FederatedRelay): Promise<string[]> {
  const { keys } = await client.getKeyInfo({ tenant: TENANT });
  return keys.flatMap((key) => (key.current ? [key.keyId] : []));
}

/** Any. */
function elementOf(suite: LockSuite): Uint8Array {
  const group = lockSuite(suite === LockSuite.FFDHE3072_V1 ? 2 : 1);
  return group.multiplyBase(new Uint8Array(group.scalarSize).fill(7));
}
