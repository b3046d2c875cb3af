import { expect, it } from "vitest";
import { at, claimed, event, heldLane, laneKey, NETWORK } from "../ledger/builders.ts";
import { overEngines } from "../ledger/over-engines.ts";
import { auditLog } from "../ledger/protection-builders.ts";
import { operation, rotation } from "./support/operations.ts";
import { ACCOUNT } from "./support/pool-world.ts";

const audit = (kind: string) => event({ tenant: "", kind });

overEngines("key operations in the ledger", (on) => {
  const start = (one = operation("a")) => on.ledger.startKeyOperation(one, audit("started"));

  it("one of an account is open at a time, whoever begins it", async () => {
    const second = on.engine.name === "sqlite" ? on.ledger : await on.home.open();
    const wanted = ["a", "b", "c", "d"].map((id) => operation(id));
    const begun = await Promise.all(
      wanted.map((one, i) => (i % 2 === 0 ? on.ledger : second).startKeyOperation(one, audit("started"))),
    );
    const [winner, ...others] = begun.filter(({ outcome }) => outcome === "started");
    expect(others).toEqual([]);
    for (const { operation } of begun) expect(operation).toEqual(winner?.operation);
    expect(await on.ledger.openKeyOperations(NETWORK)).toEqual([winner?.operation]);
    expect(await auditLog(on.ledger, "")).toHaveLength(1);
    expect((await start(operation("e", { accountId: "other.testnet" }))).outcome).toBe("started");
    expect((await start(operation("f", { network: "mainnet" }))).outcome).toBe("started");
  });

  it("is kept as it was begun, and found by its network alone", async () => {
    const one = rotation("a");
    await start(one);
    expect(await on.ledger.findKeyOperation(NETWORK, "a")).toEqual(one);
    expect(await on.ledger.findKeyOperation("mainnet", "a")).toBeUndefined();
    expect(await on.ledger.findKeyOperation(NETWORK, "b")).toBeUndefined();
    expect(await on.ledger.openKeyOperations("mainnet")).toEqual([]);
  });

  it("is changed by one of those who saw it as it is, with its entry in the audit log", async () => {
    await start();
    const change = { step: "ADDING", newPublicKey: "ed25519:new", stepAt: at(5) } as const;
    const changes = await Promise.all(
      [1, 2, 3].map(() => on.ledger.changeKeyOperation({ id: "a", version: 1 }, change, audit("moved"))),
    );
    const done = changes.filter((one) => one !== undefined);
    expect(done).toEqual([{ ...operation("a"), ...change, version: 2 }]);
    expect((await auditLog(on.ledger, "")).map(({ kind }) => kind)).toEqual(["started", "moved"]);
    await on.ledger.changeKeyOperation(
      { id: "a", version: 2 },
      { problem: "x", tries: 1, failedSubmissions: 2, submissionId: "sub_1", tryAt: at(9) },
      null,
    );
    expect(await on.ledger.findKeyOperation(NETWORK, "a")).toMatchObject({
      ...{ problem: "x", tries: 1, failedSubmissions: 2, submissionId: "sub_1", tryAt: at(9), version: 3 },
    });
    expect(await auditLog(on.ledger, "")).toHaveLength(2);
  });

  it("stays as it ended, and lets another one begin", async () => {
    await start();
    const end = { step: "CANCELLED", endedAt: at(7) } as const;
    await on.ledger.changeKeyOperation({ id: "a", version: 1 }, end, audit("cancelled"));
    expect(
      await on.ledger.changeKeyOperation({ id: "a", version: 2 }, { step: "DONE" }, audit("moved")),
    ).toBeUndefined();
    expect((await start(operation("b", { createdAt: at(1) }))).outcome).toBe("started");
    const listed = await on.ledger.listKeyOperations(NETWORK, ACCOUNT, 10);
    expect(listed.map(({ id, step }) => [id, step])).toEqual([
      ["b", "GENERATING"],
      ["a", "CANCELLED"],
    ]);
    expect(await on.ledger.listKeyOperations(NETWORK, ACCOUNT, 1)).toMatchObject([{ id: "b" }]);
    expect(await on.ledger.listKeyOperations(NETWORK, "other.testnet", 10)).toEqual([]);
  });

  it("counts what is in the hands of an account's keys", async () => {
    const lane = await heldLane(on.ledger);
    const { accountId, publicKey } = laneKey("1");
    expect([...(await on.ledger.openByKey(NETWORK, accountId))]).toEqual([]);
    await claimed(on.ledger, lane, "a", "b");
    expect([...(await on.ledger.openByKey(NETWORK, accountId))]).toEqual([[publicKey, 2]]);
    expect([...(await on.ledger.openByKey("mainnet", accountId))]).toEqual([]);
    await on.ledger.release(lane, ["sub_a"]);
    expect([...(await on.ledger.openByKey(NETWORK, accountId))]).toEqual([[publicKey, 1]]);
  });
});
