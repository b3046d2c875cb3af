import type { LaneToken, Ledger } from "@countersign/server/ledger/ledger.ts";
import { expect, it } from "vitest";
import { at, creation, delegate, heldLane, NETWORK, signed, succeeded } from "./builders.ts";
import { overEngines } from "./over-engines.ts";

/** Accepts submissions of these names, a millisecond after one another; the group is the name's first letter. */
async function accepted(ledger: Ledger, ...names: string[]): Promise<void> {
  for (const [i, name] of names.entries()) {
    await ledger.accept({ ...delegate(name, { at: at(i) }), orderingGroup: name.slice(0, 1) });
  }
}

async function take(ledger: Ledger, lane: LaneToken, limit = 10): Promise<string[]> {
  const works = await ledger.claim({ ...lane, limit, nonceFloor: 1n });
  for (const work of works) await ledger.recordSigned(lane, [signed(work)]);
  return works.map(({ submissionId }) => submissionId.slice("sub_".length));
}

function reach(ledger: Ledger, lane: LaneToken, name: string, to: "BROADCAST" | "INCLUDED") {
  return ledger.recordProgress(lane, [{ submissionId: `sub_${name}`, to, at: at(100) }]);
}

async function laneOfOtherAccount(ledger: Ledger): Promise<LaneToken> {
  const key = { network: NETWORK, accountId: "other.testnet", publicKey: "ed25519:other", keyId: "other" };
  const [lane] = await ledger.ensureLanes([key]);
  const lease = await ledger.acquireLane(lane?.id ?? 0, "relay-1", at(0), 5_000);
  return { laneId: lane?.id ?? 0, epoch: lease?.epoch ?? 0n };
}

const many = { network: NETWORK, heldTenants: [], limit: 10 };

overEngines("claims of ordered submissions", (on) => {
  it("takes the first of each group, and the next when a block holds the one before", async () => {
    const lane = await heldLane(on.ledger);
    await accepted(on.ledger, "a1", "a2", "b1", "a3", "b2");
    await on.ledger.accept(creation("free"));
    expect((await take(on.ledger, lane)).toSorted()).toEqual(["a1", "b1", "free"]);
    await reach(on.ledger, lane, "a1", "BROADCAST");
    expect(await take(on.ledger, lane)).toEqual([]);
    await reach(on.ledger, lane, "a1", "INCLUDED");
    expect(await take(on.ledger, lane)).toEqual(["a2"]);
    await on.ledger.recordTerminal(lane, [succeeded("sub_b1")]);
    expect(await take(on.ledger, lane)).toEqual(["b2"]);
    await reach(on.ledger, lane, "a2", "INCLUDED");
    expect(await take(on.ledger, lane)).toEqual(["a3"]);
  });

  it("keeps the order of acceptance where a replica's clock is behind", async () => {
    const lane = await heldLane(on.ledger);
    const accept = (name: string, atMs: number) =>
      on.ledger.accept({ ...delegate(name, { at: at(atMs) }), orderingGroup: "a" });
    await accept("first", 5_000);
    const behind = await accept("behind", 0);
    const same = await accept("a-same-millisecond", 5_001);
    await accept("other", 9_000);
    const accepted = [behind, same].map((one) => "submission" in one && one.submission);
    expect(accepted).toMatchObject([{ createdAt: at(5_001) }, { createdAt: at(5_002) }]);
    expect(await on.ledger.getSubmission("default", "sub_behind")).toEqual(accepted[0]);
    for (const name of ["first", "behind", "a-same-millisecond", "other"]) {
      expect(await take(on.ledger, lane)).toEqual([name]);
      await on.ledger.recordTerminal(lane, [succeeded(`sub_${name}`)]);
    }
  });

  it("keeps the order of acceptance within a millisecond, also of what is decided together", async () => {
    const lane = await heldLane(on.ledger);
    const names = ["c", "b", "a"];
    const results = await Promise.all(
      names.map((name) => on.ledger.accept({ ...delegate(name, { at: at(0) }), orderingGroup: "g" })),
    );
    const times = results.map((one) => "submission" in one && one.submission.createdAt);
    expect(times).toEqual([at(0), at(1), at(2)]);
    for (const name of names) {
      expect(await take(on.ledger, lane)).toEqual([name]);
      await on.ledger.recordTerminal(lane, [succeeded(`sub_${name}`)]);
    }
  });

  it("leaves what follows an included one to lanes of its account, until that one has ended", async () => {
    const first = await heldLane(on.ledger);
    const other = await laneOfOtherAccount(on.ledger);
    await accepted(on.ledger, "a1", "a2");
    expect(await take(on.ledger, first)).toEqual(["a1"]);
    await reach(on.ledger, first, "a1", "INCLUDED");
    expect(await on.ledger.waiting(many)).toEqual({ accounts: ["relayer.testnet"], more: false });
    expect(await take(on.ledger, other)).toEqual([]);
    await on.ledger.recordTerminal(first, [succeeded("sub_a1")]);
    expect(await on.ledger.waiting(many)).toEqual({ accounts: [null], more: false });
    expect(await take(on.ledger, other)).toEqual(["a2"]);
  });

  it("keeps groups of other networks apart", async () => {
    const lane = await heldLane(on.ledger);
    const elsewhere = delegate("x", { at: at(0), orderingGroup: "a" });
    await on.ledger.accept({ ...elsewhere, submission: { ...elsewhere.submission, network: "mainnet" } });
    await on.ledger.accept({ ...delegate("y", { at: at(1) }), orderingGroup: "a" });
    expect(await take(on.ledger, lane)).toEqual(["y"]);
  });

  it("says what waits, for whom, and whether there is more", async () => {
    const lane = await heldLane(on.ledger);
    expect(await on.ledger.waiting(many)).toEqual({ accounts: [], more: false });
    await accepted(on.ledger, "a1", "a2", "b1");
    await on.ledger.accept(creation("root", { requiredRelayer: "root.testnet" }));
    const { accounts, more } = await on.ledger.waiting(many);
    expect(accounts.toSorted()).toEqual(["root.testnet", null, null].toSorted());
    expect(more).toBe(true);
    expect((await on.ledger.waiting({ ...many, limit: 1 })).more).toBe(true);
    expect(await on.ledger.waiting({ ...many, heldTenants: ["default"] })).toEqual({
      accounts: [],
      more: false,
    });
    await take(on.ledger, lane);
    expect(await on.ledger.waiting(many)).toEqual({ accounts: ["root.testnet"], more: true });
  });

  it("shows what lanes of some accounts may take, however much waits for others", async () => {
    for (const [i, name] of ["x", "y", "z"].entries()) {
      const other = creation(name, { requiredRelayer: "other.testnet" });
      await on.ledger.accept({ ...other, at: at(i) });
    }
    await on.ledger.accept({ ...creation("ours", { requiredRelayer: "relayer.testnet" }), at: at(10) });
    await on.ledger.accept({ ...creation("any"), at: at(11) });
    const of = (...accountIds: string[]) => on.ledger.waiting({ ...many, limit: 2, accountIds });
    expect(await of("relayer.testnet")).toEqual({ accounts: ["relayer.testnet", null], more: true });
    expect((await of("other.testnet", "relayer.testnet")).accounts).toEqual(Array(2).fill("other.testnet"));
    // Others would have something to take, had they room.
    expect(await of("third.testnet")).toEqual({ accounts: [null], more: true });
  });

  it("reaches every group and what is in none, however many of other groups wait before them", async () => {
    const lane = await heldLane(on.ledger);
    const crowd = Array.from({ length: 600 }, (_, i) => `a${i}`);
    const others = Array.from({ length: 300 }, (_, i) => `${String.fromCodePoint(0x4e00 + i)}1`);
    await Promise.all(
      crowd.map((name, i) => on.ledger.accept({ ...delegate(name, { at: at(i) }), orderingGroup: "a" })),
    );
    expect(await take(on.ledger, lane)).toEqual(["a0"]);
    await Promise.all(
      others.map((name, i) =>
        on.ledger.accept({ ...delegate(name, { at: at(1_000 + i) }), orderingGroup: name.slice(0, 1) }),
      ),
    );
    await on.ledger.accept({ ...creation("free"), at: at(2_000) });
    const taken: string[] = [];
    for (;;) {
      const some = await take(on.ledger, lane, 64);
      if (some.length === 0) break;
      taken.push(...some);
    }
    expect(taken.toSorted()).toEqual([...others, "free"].toSorted());
    await reach(on.ledger, lane, "a0", "INCLUDED");
    expect(await take(on.ledger, lane)).toEqual(["a1"]);
  });
});
