import { randomBytes } from "node:crypto";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { LockKey } from "@countersign/crypto/lock/lock-key.ts";
import {
  ApplyServerLockRequestSchema,
  type ApplyServerLockResponse,
  ApplyServerLockResponseSchema,
  type RemoveServerLockResponse,
  RemoveServerLockResponseSchema,
} from "@countersign/gen/countersign/lock/v1/lock_pb.ts";
import { lockSuite } from "@countersign/signer-service/lock/lock-suites.ts";
import { describe, expect, it } from "vitest";
import type { SeenCall } from "../../support/fault-proxy.ts";
import { ACCOUNT, enrolled, OWNER, PATIENT, startFederation } from "./support/federation.ts";

const account = { accountId: ACCOUNT };
const group = lockSuite(1);
const ONE = Uint8Array.of(1, ...new Uint8Array(31));
const random = (size: number) => new Uint8Array(randomBytes(size));
/** A lock of the relay's own choice. */
const keyOf = (lock: Uint8Array) => new LockKey(group, lock);
const otherKey = () => keyOf(group.reduceWide(random(64)));

/** What differs from the honest answer. */
type Lie = (
  honest: ApplyServerLockResponse,
  request: Uint8Array,
) => Partial<Omit<ApplyServerLockResponse, "$typeName">>;
const swapped = (proof: Uint8Array) => Buffer.concat([proof.subarray(32), proof.subarray(0, 32)]);

describe("no envelope is made of an answer", () => {
  it.each<[string, Lie]>([
    ["without a proof", () => ({ proof: new Uint8Array() })],
    ["with the halves of its proof swapped", ({ proof }) => ({ proof: swapped(proof) })],
    ["with another key's proof", (_, request) => ({ proof: otherKey().apply(request, random).proof })],
    ["with another key's lock", (_, request) => otherKey().apply(request, random)],
    ["that names no key", () => ({ key: undefined })],
    [
      // Its proof holds: the relay's lock is 1.
      "whose lock changes nothing, K^s = K",
      ({ key }, request) => {
        const { commitment, ...lock } = {
          commitment: keyOf(ONE).commitment,
          ...keyOf(ONE).apply(request, random),
        };
        return { ...lock, key: key && { ...key, commitment } };
      },
    ],
  ])("%s", async (_, lie) => {
    const federation = await startFederation();
    const [one, two] = federation.relays;
    one.proxy.fault(({ body }: SeenCall) => ({
      type: "corrupt",
      change: (bytes) => {
        const answer = fromBinary(ApplyServerLockResponseSchema, bytes);
        const { element } = fromBinary(ApplyServerLockRequestSchema, body);
        return toBinary(ApplyServerLockResponseSchema, { ...answer, ...lie(answer, element) });
      },
    }));
    const { wallet, until } = federation.load();
    // The honest relay's comes later than what the other was asked for.
    two.proxy.fault({ type: "delay", when: "after" });
    const unlocking = wallet.unlock(account);
    await Promise.all([one, two].map(({ proxy }) => proxy.waitFor("ApplyServerLock")));
    // Three accounts, three lies: the relay is down.
    await wallet.unlock({ accountId: "bob.testnet" });
    await wallet.unlock({ accountId: "carol.testnet" });
    await until("relay-down", 1);
    two.proxy.release();
    await unlocking;
    await until("refreshed", 3);
    expect((await federation.envelopes.of(OWNER)).map(({ relay }) => relay)).toEqual([two.url]);
  });
});

describe("no envelope is opened with an answer", () => {
  it.each<[string, (honest: RemoveServerLockResponse) => object]>([
    ["without a proof", () => ({ proof: new Uint8Array() })],
    ["with the halves of its proof swapped", ({ proof }) => ({ proof: swapped(proof) })],
    ["with another element", () => ({ element: group.multiplyBase(ONE) })],
    ["with no element", () => ({ element: new Uint8Array(32) })],
  ])("%s: the next relay is asked, and the envelope stays", async (_, lie) => {
    const federation = await enrolled();
    const [one, two] = federation.relays;
    one.proxy.fault(({ method }) => {
      if (method !== "RemoveServerLock") return undefined;
      return {
        type: "corrupt",
        change: (bytes) => {
          const answer = fromBinary(RemoveServerLockResponseSchema, bytes);
          return toBinary(RemoveServerLockResponseSchema, { ...answer, ...lie(answer) });
        },
      };
    });
    const { wallet, events } = federation.load(PATIENT);
    expect(await wallet.unlock(account)).toEqual({ by: "relay", relay: two.url });
    expect(await federation.envelopes.of(OWNER)).toHaveLength(2);
    expect([events, federation.passkeys.touches]).toEqual([[], []]);
  });
});
