import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { OperationRunner } from "@countersign/server/key-pool/operation-runner.ts";
import type { KeyOperation, Ledger } from "@countersign/server/ledger/ledger.ts";
import { ChainError } from "@countersign/server/near/chain-error.ts";
import { DomainError } from "@countersign/service-kit";
import { beforeEach, describe, expect, it } from "vitest";
import { event, NETWORK } from "../ledger/builders.ts";
import { overEngines } from "../ledger/over-engines.ts";
import { auditLog } from "../ledger/protection-builders.ts";
import { operation, rotation } from "./support/operations.ts";
import { PoolWorld } from "./support/pool-world.ts";

const ROTATION = ["GENERATING", "ADDING", "ACTIVATING", "DRAINING", "DELETING", "RETIRING", "DONE"];
const denied = () => new DomainError(ErrorReason.SIGNER_POLICY_DENIED, "no admin grant");
const away = () => new DomainError(ErrorReason.SIGNER_UNAVAILABLE, "the signer gave no answer");

overEngines("the runner of key operations", (on) => {
  let world: PoolWorld;
  let told: string[];
  beforeEach(() => {
    world = new PoolWorld();
    world.hold("old");
    told = [];
  });

  const runner = (
    ledger: Pick<
      Ledger,
      "openKeyOperations" | "changeKeyOperation" | "openByKey" | "openKeyChange"
    > = on.ledger,
  ) =>
    new OperationRunner({
      network: NETWORK,
      ledger,
      signer: world,
      listKeys: world.listKeys,
      changes: world,
      chain: world,
      refreshLanes: async () => undefined,
      now: world.now,
      events: {
        keyOperationMoved: ({ from, to }) => told.push(`${from} ${to}`),
        keyOperationFailed: ({ step, problem }) => told.push(`${step}: ${problem}`),
        ledgerUnavailable: ({ error }) => told.push(`ledger: ${error}`),
      },
    });
  const begin = (one: KeyOperation) =>
    on.ledger.startKeyOperation(one, event({ tenant: "", kind: "started" }));
  const seen = async () => (await on.ledger.findKeyOperation(NETWORK, "a")) ?? expect.fail("no operation");
  const never = new AbortController().signal;

  /** Rounds, with a minute between two, until the operation is at its end. */
  async function toItsEnd(rounds = 40, make = () => runner()): Promise<KeyOperation> {
    for (let i = 0; i < rounds; i++) {
      await make().round(never);
      if ((await seen()).endedAt !== null) return seen();
      world.ms += 60_000;
    }
    return seen();
  }

  function expectRotated(): void {
    expect(world.keys.get("old")).toMatchObject({ state: "RETIRED" });
    expect(world.keys.get("pool-a")).toMatchObject({ state: "ACTIVE" });
    expect([...world.onChain.keys()]).toEqual(["ed25519:pool-a"]);
    expect(world.changed).toEqual(["add pool-a", "delete old"]);
  }

  it("takes a rotation to its end, and the audit log says each step", async () => {
    await begin(rotation("a"));
    await runner().round(never);
    expect(await seen()).toMatchObject({
      ...{ step: "DONE", newPublicKey: "ed25519:pool-a", problem: "", tries: 0 },
      endedAt: world.now(),
    });
    expectRotated();
    expect(told).toEqual(ROTATION.slice(1).map((to, i) => `${ROTATION[i]} ${to}`));
    const moves = (await auditLog(on.ledger, "")).slice(1).map(({ kind, actor, detail }) => {
      const { operation: id, account, from, to } = JSON.parse(detail);
      return [kind, actor, id, account, `${from} ${to}`].join(" ");
    });
    expect(moves).toEqual(told.map((move) => `key_operation.moved relay a relay.testnet ${move}`));
  });

  it("takes an addition and a drain to their ends, each with its own steps alone", async () => {
    await begin(operation("a"));
    await runner().round(never);
    expect(told).toEqual(["GENERATING ADDING", "ADDING ACTIVATING", "ACTIVATING DONE"]);
    told = [];
    await on.ledger.startKeyOperation(
      rotation("b", { kind: "DRAIN", step: "DRAINING", newKeyId: "" }),
      event({ tenant: "" }),
    );
    await runner().round(never);
    expect(told).toEqual(["DRAINING DELETING", "DELETING RETIRING", "RETIRING DONE"]);
    expectRotated();
  });

  it("drains the old key only when the new one is active", async () => {
    await begin(rotation("a"));
    await runner().round(never);
    expect(world.calls.indexOf("drain")).toBeGreaterThan(world.calls.indexOf("activate"));
  });

  it.each(["before", "after"] as const)(
    "comes through when each call fails once %s it is done",
    async (moment) => {
      const failed = new Set<string>();
      world.fault = (call, when) => {
        if (when !== moment || failed.has(call)) return;
        failed.add(call);
        throw call.includes("look") ? new ChainError("unavailable", "no answer") : away();
      };
      await begin(rotation("a"));
      expect((await toItsEnd()).step).toBe("DONE");
      expectRotated();
      expect([...failed].sort()).toEqual(
        ["generate", "look", "submit add", "find", "view", "activate", "list", "drain", "submit delete"]
          .concat(["isGone", "retire"])
          .sort(),
      );
    },
  );

  it("comes through when its process dies after each write, and each time another one goes on", async () => {
    await begin(rotation("a"));
    let processes = 0;
    const dying = () => {
      processes++;
      let dead = false;
      return runner({
        openKeyOperations: (network) => on.ledger.openKeyOperations(network),
        openByKey: (...of) => on.ledger.openByKey(...of),
        openKeyChange: (...of) => on.ledger.openKeyChange(...of),
        changeKeyOperation: async (...change) => {
          if (dead) throw new Error("dead");
          dead = true;
          return on.ledger.changeKeyOperation(...change);
        },
      });
    };
    expect((await toItsEnd(40, dying)).step).toBe("DONE");
    expectRotated();
    // Six steps, and two submissions that are noted.
    expect(processes).toBe(8);
  });

  it("comes through when its process dies before each write, with the step done and not noted", async () => {
    await begin(rotation("a"));
    let lost = new Set<string>();
    const dying = () =>
      runner({
        openKeyOperations: (network) => on.ledger.openKeyOperations(network),
        openByKey: (...of) => on.ledger.openByKey(...of),
        openKeyChange: (...of) => on.ledger.openKeyChange(...of),
        changeKeyOperation: async (one, change, audit) => {
          const write = JSON.stringify([change.step, change.submissionId]);
          if (lost.has(write)) return on.ledger.changeKeyOperation(one, change, audit);
          lost = lost.add(write);
          throw new Error("dead");
        },
      });
    expect((await toItsEnd(40, dying)).step).toBe("DONE");
    expectRotated();
    expect(lost.size).toBe(8);
  });

  it("may run twice at once on one ledger: nothing happens twice", async () => {
    await begin(rotation("a"));
    const second = on.engine.name === "sqlite" ? on.ledger : await on.home.open();
    for (let i = 0; i < 20 && (await seen()).endedAt === null; i++) {
      await Promise.all([runner().round(never), runner(second).round(never)]);
    }
    expect((await seen()).step).toBe("DONE");
    expectRotated();
    expect([...world.submissions.keys()]).toEqual(["a/ADDING/1", "a/DELETING/1"]);
    expect(told.toSorted()).toEqual(
      ROTATION.slice(1)
        .map((to, i) => `${ROTATION[i]} ${to}`)
        .sort(),
    );
    const entries = await auditLog(on.ledger, "");
    expect(entries.filter(({ kind }) => kind === "key_operation.moved")).toHaveLength(6);
  });

  it("says what is wrong, and tries again later each time, at most every 30 seconds", async () => {
    world.fault = (call, when) => {
      if (call === "generate" && when === "before") throw denied();
    };
    await begin(operation("a"));
    const pauses: number[] = [];
    for (let i = 0; i < 8; i++) {
      await runner().round(never);
      const { tryAt, problem, step } = await seen();
      expect({ problem, step }).toEqual({
        problem: "SIGNER_POLICY_DENIED: no admin grant",
        step: "GENERATING",
      });
      pauses.push(tryAt.getTime() - world.now().getTime());
      const calls = world.calls.length;
      world.ms += (pauses.at(-1) ?? 0) - 1;
      await runner().round(never);
      expect(world.calls).toHaveLength(calls);
      world.ms += 1;
    }
    expect(pauses).toEqual([1, 2, 4, 8, 16, 30, 30, 30].map((s) => s * 1000));
    world.fault = () => undefined;
    await runner().round(never);
    expect(await seen()).toMatchObject({ step: "DONE", problem: "", tries: 0 });
  });

  it("tells nobody what nobody foresaw, save the log", async () => {
    world.fault = (call) => {
      if (call === "generate") throw new TypeError("secret hunter2");
    };
    await begin(operation("a"));
    await runner().round(never);
    expect((await seen()).problem).toBe("INTERNAL: an unforeseen error, which stands in the relay's log");
  });

  it.each(["REJECTED", "FAILED", "EXPIRED"] as const)(
    "makes another submission when one is %s",
    async (end) => {
      world.outcome = (mark) => (mark.endsWith("/3") ? "SUCCEEDED" : end);
      await begin(rotation("a"));
      await runner().round(never);
      expect(await seen()).toMatchObject({
        ...{ step: "ADDING", submissionId: "", failedSubmissions: 1, tries: 1 },
        problem: `SIGNER_POLICY_DENIED: no admin grant (submission sub_1 ${end})`,
      });
      expect((await toItsEnd()).step).toBe("DONE");
      expectRotated();
      const marks = ["ADDING", "DELETING"].flatMap((step) => [1, 2, 3].map((n) => `a/${step}/${n}`));
      expect([...world.submissions.keys()]).toEqual(marks);
    },
  );

  it("makes submissions that come to nothing less and less often, at most every ten minutes", async () => {
    world.outcome = () => "REJECTED";
    await begin(operation("a"));
    const pauses: number[] = [];
    for (let i = 0; i < 12; i++) {
      await runner().round(never);
      const { tryAt, submissionId } = await seen();
      expect(submissionId).toBe("");
      pauses.push((tryAt.getTime() - world.now().getTime()) / 1000);
      world.ms += tryAt.getTime() - world.now().getTime();
    }
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600]);
    expect(world.submissions.size).toBe(12);
  });

  it("goes on when the submission failed and the chain shows what it was for", async () => {
    world.outcome = (mark) => {
      if (mark.startsWith("a/ADDING")) world.onChain.set("ed25519:pool-a", 9n);
      else world.onChain.delete("ed25519:old");
      return "FAILED";
    };
    await begin(rotation("a"));
    await runner().round(never);
    expect((await seen()).step).toBe("DONE");
    expect(world.submissions.size).toBe(2);
  });

  it("submits nothing for what the chain shows already", async () => {
    world.onChain.set("ed25519:pool-a", 9n);
    world.onChain.delete("ed25519:old");
    await begin(rotation("a"));
    await runner().round(never);
    expect((await seen()).step).toBe("DONE");
    expect(world.submissions.size).toBe(0);
  });

  it("believes no chain that is not in sync", async () => {
    world.synced = false;
    await begin(operation("a", { step: "ADDING", newPublicKey: "ed25519:pool-a" }));
    world.keys.set("pool-a", world.hold("pool-a", "PENDING"));
    await runner().round(never);
    expect(await seen()).toMatchObject({ step: "ADDING", tries: 1 });
    expect((await seen()).problem).toMatch(/^no NEAR endpoint that is in sync/);
    expect(world.submissions.size).toBe(0);
  });

  it("waits for a submission, and after a minute says so", async () => {
    world.outcome = () => "open";
    await begin(operation("a"));
    await runner().round(never);
    const before = await seen();
    expect(before).toMatchObject({ step: "ADDING", problem: "", submissionId: "sub_1" });
    world.ms += 60_000;
    await runner().round(never);
    expect(await seen()).toEqual(before);
    world.ms += 1;
    await runner().round(never);
    expect((await seen()).problem).toBe("waits for submission sub_1, which is ACCEPTED");
    world.outcome = () => "SUCCEEDED";
    await runner().round(never);
    expect(await seen()).toMatchObject({ step: "DONE", problem: "" });
  });

  it("drains until the key's lane has no open submission, and asks the signer once", async () => {
    let open = 2;
    const counting = () =>
      runner({
        openKeyOperations: (network) => on.ledger.openKeyOperations(network),
        changeKeyOperation: (...change) => on.ledger.changeKeyOperation(...change),
        openByKey: async () => new Map(open > 0 ? [["ed25519:old", open]] : []),
        openKeyChange: async () => undefined,
      });
    world.hold("other");
    await begin(rotation("a", { kind: "DRAIN", step: "DRAINING", newKeyId: "" }));
    await counting().round(never);
    await counting().round(never);
    expect(await seen()).toMatchObject({ step: "DRAINING", problem: "" });
    expect(world.calls.filter((call) => call === "drain")).toHaveLength(1);
    open = 0;
    await counting().round(never);
    expect((await seen()).step).toBe("DONE");
  });

  describe("a key that an addition has left behind", () => {
    let change: string | undefined;
    const round = () =>
      runner({
        openKeyOperations: (network) => on.ledger.openKeyOperations(network),
        changeKeyOperation: (...of) => on.ledger.changeKeyOperation(...of),
        openByKey: (...of) => on.ledger.openByKey(...of),
        openKeyChange: async () => change,
      }).round(never);
    const acts = () => world.calls.filter((call) => /^(activate|drain|submit|retire)/.test(call));
    beforeEach(async () => {
      change = undefined;
      world.hold("left", "PENDING");
      const left = { oldKeyId: "left", oldPublicKey: "ed25519:left" };
      await begin(operation("a", { kind: "DRAIN", step: "DRAINING", newKeyId: "", ...left }));
    });

    it("is retired at once when it never came to the account", async () => {
      await round();
      expect((await seen()).step).toBe("DONE");
      expect(acts()).toEqual(["retire"]);
    });

    it("is activated and drained, so that it may be deleted, when it is on the account", async () => {
      world.onChain.set("ed25519:left", 7n);
      expect((await toItsEnd()).step).toBe("DONE");
      expect(acts()).toEqual(["activate", "drain", "submit delete", "retire"]);
      expect(world.changed).toEqual(["delete left"]);
    });

    it("waits for the transaction that may still put it there", async () => {
      change = "sub_1";
      await round();
      expect(acts()).toEqual([]);
      world.onChain.set("ed25519:left", 7n);
      change = undefined;
      expect((await toItsEnd()).step).toBe("DONE");
      expect(acts()).toEqual(["activate", "drain", "submit delete", "retire"]);
    });
  });

  it("does nothing with a key that is not the operation's", async () => {
    world.keys.set("old", { ...world.hold("old"), publicKey: "ed25519:another" });
    await begin(rotation("a", { kind: "DRAIN", step: "DRAINING" }));
    await runner().round(never);
    expect((await seen()).problem).toMatch(/is not the one that this operation is about$/);
    expect(world.calls).toEqual(["list"]);
  });

  it("leaves what was cancelled, also when that was in the midst of a step", async () => {
    await begin(operation("a"));
    const end = { step: "CANCELLED", endedAt: world.now() } as const;
    const signer = world.generate.bind(world);
    world.generate = async (key) => {
      await on.ledger.changeKeyOperation({ id: "a", version: 1 }, end, null);
      return signer(key);
    };
    await runner().round(never);
    await runner().round(never);
    expect(await seen()).toMatchObject({ step: "CANCELLED", newPublicKey: "" });
    expect(world.calls).toEqual(["generate"]);
  });

  it("drives each account's operation, whatever hinders another one's", async () => {
    world.fault = (call) => {
      // The first operation asks at once, the other one when it has a key.
      if (call === "list" && !world.calls.includes("generate")) throw away();
    };
    await begin(rotation("a", { kind: "DRAIN", step: "DRAINING", accountId: "other.testnet" }));
    const add = operation("b");
    await begin(add);
    await runner().round(never);
    expect((await seen()).problem).toMatch(/^SIGNER_UNAVAILABLE/);
    expect(await on.ledger.findKeyOperation(NETWORK, "b")).toMatchObject({ step: "DONE" });
  });

  it("runs until it is stopped, and begins at once when it is woken", async () => {
    const stop = new AbortController();
    const running = runner();
    const run = running.run(stop.signal);
    await begin(operation("a"));
    running.wake();
    await expect.poll(async () => (await seen()).step).toBe("DONE");
    stop.abort();
    await run;
  });
});
