import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import type { KeyChange } from "@countersign/server/key-pool/ports.ts";
import { LedgerKeyChanges } from "@countersign/server/tx/key-changes.ts";
import { expect, it } from "vitest";
import { at, creation, delegate, failed, heldLane, laneKey, NETWORK } from "./builders.ts";
import { type Context, overEngines } from "./over-engines.ts";

const { accountId } = laneKey("1");
const add: KeyChange = { kind: "add", accountId, publicKey: "ed25519:new" };

function keyChanges({ ledger }: Context) {
  const told: string[] = [];
  let made = 0;
  const changes = new LedgerKeyChanges({
    ...{ network: NETWORK, ledger },
    now: () => at(60_000),
    newId: () => `sub_change_${made++}`,
    onAccepted: ({ id }) => told.push(id),
  });
  const submit = (change: KeyChange, mark: string) => changes.submit(change, mark, "admin:ops", "rotation");
  return { changes, submit, told };
}

overEngines("changes of a relayer's keys", (on) => {
  it("are taken on once for each mark, and told of once", async () => {
    const { changes, submit, told } = keyChanges(on);
    const [first, beside] = await Promise.all([submit(add, "op/ADDING/1"), submit(add, "op/ADDING/1")]);
    expect(beside.id).toBe(first.id);
    expect((await submit(add, "op/ADDING/1")).id).toBe(first.id);
    expect(told).toEqual([first.id]);
    expect(first).toMatchObject({ tenant: "", kind: "KEY_CHANGE", accountId, requiredRelayer: accountId });
    expect(await changes.find(first.id)).toMatchObject({ id: first.id, state: "ACCEPTED" });
    await expect(submit({ ...add, publicKey: "ed25519:other" }, "op/ADDING/1")).rejects.toMatchObject({
      reason: ErrorReason.IDEMPOTENCY_KEY_REUSED,
    });
  });

  it("are one at a time for each account", async () => {
    const { submit } = keyChanges(on);
    const lane = await heldLane(on.ledger);
    const { id } = await submit(add, "a");
    const remove: KeyChange = { ...add, kind: "delete" };
    await expect(submit(remove, "b")).rejects.toMatchObject({ reason: ErrorReason.KEY_OPERATION_RUNNING });
    await submit({ ...add, accountId: "relayer-2.testnet" }, "c");
    await on.ledger.claim({ ...lane, limit: 9, nonceFloor: 1n });
    await on.ledger.recordTerminal(lane, [failed(id, "REJECTED")]);
    await submit(remove, "b");
  });

  it("fit into a full queue, and are claimed first, by lanes of their account alone", async () => {
    const { submit } = keyChanges(on);
    const lane = await heldLane(on.ledger);
    const [foreign] = await on.ledger.ensureLanes([{ ...laneKey("2"), accountId: "relayer-2.testnet" }]);
    const lease = await on.ledger.acquireLane(foreign?.id ?? 0, "relay-2", at(0), 5_000);
    for (const name of ["a", "b"]) await on.ledger.accept(delegate(name, { at: at(0) }));
    expect(await on.ledger.accept(delegate("c", { maxOpen: 2 }))).toEqual({ outcome: "queue-full" });
    const { id } = await submit(add, "op");
    expect(await on.ledger.accept(delegate("d", { maxOpen: 2 }))).toEqual({ outcome: "queue-full" });

    const waiting = await on.ledger.waiting({ network: NETWORK, heldTenants: ["default"], limit: 9 });
    expect(waiting).toEqual({ accounts: [accountId], more: false });
    const idsOf = (work: readonly { submissionId: string }[]) => work.map((one) => one.submissionId);
    const token = { laneId: foreign?.id ?? 0, epoch: lease?.epoch ?? 0n };
    expect(idsOf(await on.ledger.claim({ ...token, limit: 1, nonceFloor: 1n }))).toEqual(["sub_a"]);
    expect(idsOf(await on.ledger.claim({ ...lane, limit: 1, nonceFloor: 1n }))).toEqual([id]);
    expect(idsOf(await on.ledger.claim({ ...lane, limit: 9, nonceFloor: 1n }))).toEqual(["sub_b"]);
  });

  it("are shown to no tenant, and are in no tenant's usage", async () => {
    const { changes, submit } = keyChanges(on);
    const { id } = await submit(add, "op");
    await on.ledger.accept(delegate("a"));
    expect(await on.ledger.getSubmission("default", id)).toBeUndefined();
    const listed = await on.ledger.listSubmissions({ tenant: "default", limit: 9 });
    expect(listed.map((one) => one.id)).toEqual(["sub_a"]);
    const usage = await on.ledger.usage({ tenant: undefined, by: "method", since: at(0) });
    expect(usage.map(({ tenant, group }) => [tenant, group])).toEqual([["default", "SubmitDelegate"]]);
    // Nor is anything of a tenant's shown as one.
    expect(await changes.find("sub_a")).toBeUndefined();
    await on.ledger.accept(creation("b"));
    expect(await changes.find("sub_b")).toBeUndefined();
  });
});
