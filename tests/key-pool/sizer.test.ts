import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { beginOperation, type OperationRequest } from "@countersign/server/key-pool/begin-operation.ts";
import { keyPoolDesk } from "@countersign/server/key-pool/key-pool-desk.ts";
import { PoolSizer } from "@countersign/server/key-pool/pool-sizer.ts";
import type { LaneState } from "@countersign/server/lanes/lane-state.ts";
import { DomainError } from "@countersign/service-kit";
import { beforeEach, expect, it } from "vitest";
import { claimed, creation, delegate, event, heldLane, NETWORK, signed } from "../ledger/builders.ts";
import { overEngines } from "../ledger/over-engines.ts";
import { operation } from "./support/operations.ts";
import { ACCOUNT, PoolWorld } from "./support/pool-world.ts";

const SIZING = { minKeys: 1, maxKeys: 3, growAfterMs: 10_000, shrinkAfterMs: 60_000 };
const POOL = { keyIdPrefix: "pool-", sizing: SIZING };
const never = new AbortController().signal;

overEngines("a pool that is sized by itself", (on) => {
  let world: PoolWorld;
  let hindered: boolean;
  let lane: LaneState;
  let heldTenants: string[];
  let told: unknown[];
  beforeEach(() => {
    world = new PoolWorld();
    world.hold("first");
    hindered = false;
    lane = "active";
    heldTenants = [];
    told = [];
  });

  function sizer(begin?: (request: OperationRequest) => Promise<unknown>): PoolSizer {
    const accounts = [{ accountId: ACCOUNT, pool: POOL }];
    const context = {
      ...{ network: NETWORK, accounts, ledger: on.ledger, listKeys: world.listKeys, now: world.now },
      events: {
        keyOperationStarted: () => undefined,
        keyOperationMoved: () => undefined,
        keyPoolNotSized: ({ error }: { error: unknown }) => void told.push(error),
        ledgerUnavailable: ({ error }: { error: unknown }) => void told.push(error),
      },
    };
    return new PoolSizer({
      ...context,
      laneReports: () => [{ accountId: ACCOUNT, keyId: "first", state: lane, window: 16, inWindow: 0 }],
      window: 16,
      isHindered: async () => hindered,
      heldTenants: () => heldTenants,
      cancel: keyPoolDesk({
        ...context,
        ...{ laneReports: () => [], randomBytes: () => new Uint8Array(4), onStarted: () => undefined },
      }).cancel,
      begin:
        begin ??
        ((request, signal) =>
          beginOperation(
            { ...context, randomBytes: () => new Uint8Array(4), onStarted: () => undefined },
            request,
            signal,
          )),
    });
  }

  /** Looks every two seconds, for so many. */
  async function lookFor(seconds: number, of = sizer()): Promise<PoolSizer> {
    for (let i = 0; i <= seconds; i += 2) {
      await of.look(never);
      if (i < seconds) world.ms += 2_000;
    }
    return of;
  }
  const open = () => on.ledger.openKeyOperations(NETWORK);
  const queue = (name = "a") => on.ledger.accept(creation(name));

  it("grows when work has waited", async () => {
    await queue();
    const one = await lookFor(8);
    expect(await open()).toEqual([]);
    world.ms += 4_000;
    await one.look(never);
    expect(await open()).toMatchObject([
      { kind: "ADD", actor: "relay", reason: "work waits for longer than grow_after_ms (10000)" },
    ]);
  });

  it.each([
    ["the chain stands still, the relay is paused or funds are low", () => (hindered = true)],
    ["a lane is in trouble", () => (lane = "low-balance")],
    ["its tenant is held", () => (heldTenants = ["default"])],
  ])("does not grow when work waits because %s", async (_, happen) => {
    happen();
    await queue();
    await lookFor(60);
    expect(await open()).toEqual([]);
  });

  it("does not grow for work that waits for what goes before it, or for another account's keys", async () => {
    const held = await heldLane(on.ledger);
    await on.ledger.accept(delegate("first", { orderingGroup: "g" }));
    await on.ledger.claim({ ...held, limit: 1, nonceFloor: 1n });
    await on.ledger.accept(delegate("second", { orderingGroup: "g" }));
    await on.ledger.accept(creation("other", { requiredRelayer: "other.testnet" }));
    await lookFor(60);
    expect(await open()).toEqual([]);
  });

  it("begins with the fewest keys, one after the other", async () => {
    world.keys.clear();
    await sizer().look(never);
    const [first] = await open();
    expect(first).toMatchObject({ kind: "ADD", actor: "relay" });
    await lookFor(60);
    expect(await open()).toEqual([first]);
  });

  it("two replicas begin one operation", async () => {
    world.keys.clear();
    await Promise.all([sizer().look(never), sizer().look(never), sizer().look(never)]);
    expect(await open()).toHaveLength(1);
    expect(told).toEqual([]);
  });

  it("shrinks by the youngest of its own keys, when one fewer has been enough for long", async () => {
    for (const id of ["pool-1", "pool-2", "zzz"]) world.hold(id);
    const one = await lookFor(58);
    expect(await open()).toEqual([]);
    world.ms += 2_000;
    await one.look(never);
    expect(await open()).toMatchObject([{ kind: "DRAIN", oldKeyId: "pool-2", actor: "relay" }]);
  });

  it("drains neither what others have made nor what is paused", async () => {
    world.hold("second");
    world.keys.set("pool-1", { ...world.hold("pool-1"), paused: true, signs: false });
    await lookFor(120);
    expect(await open()).toEqual([]);
  });

  it("keeps keys that have work", async () => {
    world.hold("pool-1");
    const held = await heldLane(on.ledger);
    const work = await claimed(on.ledger, held, ...Array.from({ length: 9 }, (_, i) => `w${i}`));
    await on.ledger.recordSigned(held, work.map(signed));
    await lookFor(120);
    expect(await open()).toEqual([]);
  });

  it("leaves a pool alone for a while whose operation was cancelled", async () => {
    world.keys.clear();
    await on.ledger.startKeyOperation(operation("a"), event());
    const end = { step: "CANCELLED", endedAt: world.now() } as const;
    await on.ledger.changeKeyOperation({ id: "a", version: 1 }, end, null);
    await lookFor(300);
    expect(await open()).toEqual([]);
    // What an operator does meanwhile does not end that.
    await on.ledger.startKeyOperation(operation("b", { createdAt: world.now() }), event());
    const done = { step: "DONE", endedAt: world.now() } as const;
    await on.ledger.changeKeyOperation({ id: "b", version: 1 }, done, null);
    await lookFor(298);
    expect(await open()).toEqual([]);
    world.ms += 2_000;
    await sizer().look(never);
    expect(await open()).toMatchObject([{ kind: "ADD" }]);
  });

  it("gives up an addition of its own for which no key is made, and no operator's, nor one that goes on", async () => {
    const { ms } = world;
    const at = world.now();
    const denied = { problem: "SIGNER_POLICY_DENIED: its grant allows 4", createdAt: at, stepAt: at };
    const own = operation("own", { ...denied, actor: "relay" });
    const others = [
      operation("asked for", denied),
      operation("without a problem", { ...denied, actor: "relay", problem: "" }),
      operation("on chain", { ...denied, actor: "relay", step: "ADDING" }),
    ];
    for (const one of others) {
      world.ms = ms;
      await on.ledger.startKeyOperation(one, event());
      await lookFor(1_000);
      expect(await open()).toMatchObject([{ id: one.id }]);
      const end = { step: "DONE", endedAt: at } as const;
      await on.ledger.changeKeyOperation({ id: one.id, version: 1 }, end, null);
    }
    world.ms = ms;
    await on.ledger.startKeyOperation(own, event());
    await lookFor(900);
    expect(await open()).toMatchObject([{ id: "own" }]);
    await lookFor(4);
    expect(await open()).toEqual([]);
    expect(await on.ledger.findKeyOperation(NETWORK, "own")).toMatchObject({ step: "CANCELLED" });
  });

  it("does nothing while the signer gives no answer, and says what it may not begin", async () => {
    world.keys.clear();
    const refusal = new DomainError(ErrorReason.SIGNER_UNAVAILABLE, "away");
    const refused = sizer(() => Promise.reject(refusal));
    await refused.look(never);
    expect(told).toEqual([refusal]);
    expect(refused.held).toEqual([]);
    world.fault = () => {
      throw refusal;
    };
    const away = sizer();
    await away.look(never);
    expect(away.held).toBeUndefined();
    expect(await open()).toEqual([]);
  });
});
