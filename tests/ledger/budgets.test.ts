import type { AcceptInput, BudgetReservation, TerminalItem } from "@countersign/server/ledger/ledger.ts";
import { expect, it } from "vitest";
import {
  at,
  creation,
  delegate,
  failed,
  heldLane,
  reservation,
  signed,
  succeeded,
  TGAS,
} from "./builders.ts";
import { type Context, overEngines } from "./over-engines.ts";
import { auditLog } from "./protection-builders.ts";

function costing(name: string, budget: BudgetReservation, changes: Partial<AcceptInput> = {}): AcceptInput {
  return delegate(name, { budget, ...changes });
}

/** What is used of the gas of a tenant's day and month. */
async function gasUsed(on: Context, tenant = "default", time = at(0)): Promise<bigint[]> {
  return (await on.ledger.budgetUse(tenant, time)).map(({ used }) => used.gas);
}

/** What a user has used of the day's gas, as a reservation would be told. */
async function userGas(on: Context, user: string): Promise<bigint> {
  const limits = { "user-day": { gas: 0n } };
  const level = await on.ledger.findExhausted("default", reservation(limits, { gas: 1n }, user), at(0));
  return level?.used ?? 0n;
}

const DAY_END = new Date("2026-11-02T00:00:00.000Z");
const MONTH_END = new Date("2026-12-01T00:00:00.000Z");

overEngines("budgets", (on) => {
  it("count a reservation towards the tenant's and the user's day and month", async () => {
    await on.ledger.accept(costing("a", reservation({}, { accounts: 1n, gas: 5n, deposit: 10n ** 30n })));
    const used = { accounts: 1n, gas: 5n, deposit: 10n ** 30n };
    expect(await on.ledger.budgetUse("default", at(0))).toEqual([
      { period: "day:2026-11-01", used },
      { period: "month:2026-11", used },
    ]);
    expect(await userGas(on, "user:alice")).toBe(5n);
    expect(await userGas(on, "user:bob")).toBe(0n);
    expect(await gasUsed(on, "other")).toEqual([0n, 0n]);
  });

  it("take a reservation of exactly what is left, and tell how every bounded amount stands after it", async () => {
    const limits = {
      "tenant-day": { gas: 60n * TGAS },
      "tenant-month": { gas: 100n * TGAS, deposit: 7n },
      "user-day": { accounts: 3n },
    };
    await on.ledger.accept(costing("a", reservation(limits)));
    expect(await on.ledger.accept(costing("b", reservation(limits, { accounts: 1n })))).toMatchObject({
      outcome: "accepted",
      budget: [
        { scope: "tenant-day", amount: "gas", used: 60n * TGAS, limit: 60n * TGAS, resetsAt: DAY_END },
        { scope: "tenant-month", amount: "gas", used: 60n * TGAS, limit: 100n * TGAS, resetsAt: MONTH_END },
        { scope: "tenant-month", amount: "deposit", used: 0n, limit: 7n, resetsAt: MONTH_END },
        { scope: "user-day", amount: "accounts", used: 1n, limit: 3n, resetsAt: DAY_END },
      ],
    });
  });

  it("reserve in the period in which a submission stands, also where that begins behind its group's", async () => {
    const lane = await heldLane(on.ledger);
    const last = new Date(DAY_END.getTime() - 1);
    const group = { orderingGroup: "g", at: last };
    const spend = reservation({}, { accounts: 0n, gas: 5n * TGAS, deposit: 0n });
    await on.ledger.accept(costing("a", spend, group));
    const second = await on.ledger.accept(costing("b", spend, group));
    expect(second).toMatchObject({ submission: { createdAt: DAY_END } });
    const day = async (time: Date) => (await gasUsed(on, "default", time))[0];
    expect([await day(last), await day(DAY_END)]).toEqual([5n * TGAS, 5n * TGAS]);
    for (const name of ["a", "b"]) {
      const [work] = await on.ledger.claim({ ...lane, limit: 1, nonceFloor: 1n });
      expect(work?.submissionId).toBe(`sub_${name}`);
      await on.ledger.recordTerminal(lane, [failed(`sub_${name}`, "REJECTED")]);
    }
    expect([await day(last), await day(DAY_END)]).toEqual([0n, 0n]);
  });

  it.each([
    ["tenant-day", "gas", DAY_END],
    ["tenant-month", "deposit", MONTH_END],
    ["user-day", "accounts", DAY_END],
    ["user-month", "gas", MONTH_END],
  ] as const)(
    "refuse what does not fit into %s by its %s, and store nothing of it",
    async (scope, amount, end) => {
      const spend = { accounts: 2n, gas: 2n, deposit: 2n };
      const bounded = reservation({ [scope]: { [amount]: 3n } }, spend);
      expect(await on.ledger.accept(costing("a", bounded))).toMatchObject({ outcome: "accepted" });
      const level = { scope, amount, used: 2n, limit: 3n, resetsAt: end };
      expect(await on.ledger.findExhausted("default", bounded, at(0))).toEqual(level);
      expect(await on.ledger.accept(costing("b", bounded))).toEqual({ outcome: "budget-exhausted", level });

      expect(await on.ledger.getSubmission("default", "sub_b")).toBeUndefined();
      expect(await gasUsed(on)).toEqual([2n, 2n]);
      const log = await auditLog(on.ledger, "default");
      expect(log.map(({ detail }) => detail)).toEqual(['{"submission":"sub_a"}']);
      // Neither the idempotency key nor the delegate is marked.
      const less = reservation({ [scope]: { [amount]: 3n } }, { accounts: 1n, gas: 1n, deposit: 1n });
      expect(await on.ledger.accept(costing("b", less))).toMatchObject({ outcome: "accepted" });
    },
  );

  it("do not stop what needs nothing of an amount that is used up", async () => {
    await on.ledger.accept(costing("a", reservation({}, { accounts: 5n })));
    const limits = { "tenant-day": { accounts: 3n, gas: 100n * TGAS } };
    expect(await on.ledger.accept(costing("b", reservation(limits)))).toMatchObject({
      outcome: "accepted",
      budget: [{ amount: "accounts", used: 5n, limit: 3n }, { amount: "gas" }],
    });
    expect(await on.ledger.findExhausted("default", reservation(limits), at(0))).toBeUndefined();
  });

  it("count before there is a bound, so that one that is set later holds at once", async () => {
    await on.ledger.accept(costing("a", reservation()));
    const bounded = reservation({ "user-month": { gas: 59n * TGAS } });
    expect(await on.ledger.accept(costing("b", bounded))).toMatchObject({
      outcome: "budget-exhausted",
      level: { scope: "user-month", used: 30n * TGAS },
    });
  });

  it("keep users and tenants apart, also a user whose name is a tenant's", async () => {
    const bounded = { "user-day": { gas: 30n * TGAS } };
    const accept = async (name: string, user: string, tenant = "default") =>
      (await on.ledger.accept(costing(name, reservation(bounded, {}, user), { tenant }))).outcome;
    expect(await accept("a", "user:alice")).toBe("accepted");
    expect(await accept("b", "user:alice")).toBe("budget-exhausted");
    expect(await accept("c", "user:bob")).toBe("accepted");
    expect(await accept("d", "user:alice", "other")).toBe("accepted");
    expect(await accept("e", "default")).toBe("accepted");
    expect(await gasUsed(on)).toEqual([90n * TGAS, 90n * TGAS]);
  });

  it("are whole again the next day, and the month goes on", async () => {
    const bounded = reservation({ "tenant-day": { gas: 30n * TGAS }, "tenant-month": { gas: 70n * TGAS } });
    const accept = async (name: string, time: string) =>
      on.ledger.accept(costing(name, bounded, { at: new Date(time) }));
    expect(await accept("a", "2026-11-29T23:59:59.999Z")).toMatchObject({ outcome: "accepted" });
    expect(await accept("b", "2026-11-29T23:59:59.999Z")).toMatchObject({
      level: { scope: "tenant-day", resetsAt: new Date("2026-11-30T00:00:00.000Z") },
    });
    expect(await accept("b", "2026-11-30T00:00:00.000Z")).toMatchObject({ outcome: "accepted" });
    expect(await accept("c", "2026-11-30T23:59:59.999Z")).toMatchObject({
      level: { scope: "tenant-day", resetsAt: MONTH_END },
    });
    expect(await accept("c", "2026-12-31T23:59:59.999Z")).toMatchObject({
      outcome: "accepted",
      budget: [
        { resetsAt: new Date("2027-01-01T00:00:00.000Z") },
        { used: 30n * TGAS, resetsAt: new Date("2027-01-01T00:00:00.000Z") },
      ],
    });
    expect(await gasUsed(on, "default", new Date("2026-11-30T05:00:00.000Z"))).toEqual([
      30n * TGAS,
      60n * TGAS,
    ]);
  });

  it("count a repeated call once", async () => {
    const bounded = costing("a", reservation({ "tenant-day": { gas: 30n * TGAS } }));
    await on.ledger.accept(bounded);
    expect(await on.ledger.accept(bounded)).toMatchObject({ outcome: "repeated" });
    expect(await gasUsed(on)).toEqual([30n * TGAS, 30n * TGAS]);
  });

  it("refuse a reservation that names nobody or is negative", async () => {
    await expect(on.ledger.accept(costing("a", reservation({}, {}, "")))).rejects.toThrow(RangeError);
    const negative = reservation({}, { deposit: -1n });
    await expect(on.ledger.accept(costing("a", negative))).rejects.toThrow(RangeError);
    await expect(on.ledger.findExhausted("default", negative, at(0))).rejects.toThrow(RangeError);
  });

  it("forget periods that ended long ago, and settle nothing there", async () => {
    const lane = await heldLane(on.ledger);
    const accept = (name: string, time: Date) => on.ledger.accept(costing(name, reservation(), { at: time }));
    await accept("old", new Date("2026-08-31T23:00:00.000Z"));
    await accept("new", at(0));
    const beforeSeptember = new Date("2026-09-01T00:00:00.000Z");
    expect(await on.ledger.pruneBudgets(beforeSeptember)).toBe(0);
    expect(await on.ledger.pruneBudgets(new Date(beforeSeptember.getTime() + 1))).toBe(4);
    expect(await on.ledger.pruneBudgets(at(0))).toBe(0);
    expect(await gasUsed(on)).toEqual([30n * TGAS, 30n * TGAS]);
    await on.ledger.claim({ ...lane, limit: 2, nonceFloor: 1n });
    await on.ledger.recordTerminal(lane, [failed("sub_old", "REJECTED"), failed("sub_new", "REJECTED")]);
    expect(await gasUsed(on)).toEqual([0n, 0n]);
    expect(await gasUsed(on, "default", new Date("2026-08-31T23:00:00.000Z"))).toEqual([0n, 0n]);
  });
});

overEngines("the end of a submission", (on) => {
  const reserved = { accounts: 1n, gas: 300n * TGAS, deposit: 10n ** 30n };

  /** Accepts an account's creation that reserves all three amounts, and signs it. */
  async function started(name: string, budget = reservation({}, reserved)) {
    const lane = await heldLane(on.ledger);
    await on.ledger.accept({ ...creation(name), budget });
    const [work] = await on.ledger.claim({ ...lane, limit: 1, nonceFloor: 1n });
    if (work === undefined) throw new Error("nothing claimed");
    return { lane, sign: () => on.ledger.recordSigned(lane, [signed(work)]) };
  }

  const cost = { gasBurnt: 20n * TGAS, tokensBurnt: 9n, deposit: 4n };
  const ends: [string, TerminalItem, typeof reserved][] = [
    ["SUCCEEDED", { ...succeeded("sub_a"), cost }, { accounts: 1n, gas: 20n * TGAS, deposit: 4n }],
    ["FAILED", { ...failed("sub_a", "FAILED"), cost }, { accounts: 0n, gas: 20n * TGAS, deposit: 4n }],
    ["REJECTED", failed("sub_a", "REJECTED"), { accounts: 0n, gas: 0n, deposit: 0n }],
    ["EXPIRED", failed("sub_a", "EXPIRED"), { accounts: 0n, gas: 0n, deposit: 0n }],
  ];
  it.each(ends)("as %s puts the true cost in the place of the reservation, once", async (to, end, used) => {
    const { lane, sign } = await started("a");
    if (to !== "REJECTED") await sign();
    for (let i = 0; i < 3; i++) {
      await on.ledger.recordTerminal(lane, [end]);
      expect(await on.ledger.budgetUse("default", at(0))).toMatchObject([{ used }, { used }]);
    }
    expect(await userGas(on, "user:alice")).toBe(used.gas);
  });

  it("counts a true cost above the reservation", async () => {
    const { lane, sign } = await started("a", reservation({}, { accounts: 1n, gas: 5n, deposit: 0n }));
    await sign();
    await on.ledger.recordTerminal(lane, [{ ...succeeded("sub_a"), cost }]);
    expect(await on.ledger.budgetUse("default", at(0))).toMatchObject([
      { used: { accounts: 1n, gas: 20n * TGAS, deposit: 4n } },
      {},
    ]);
  });

  it("settles the periods in which it was accepted, however late it comes", async () => {
    const { lane } = await started("a");
    await on.ledger.recordTerminal(lane, [
      { ...failed("sub_a", "REJECTED"), at: new Date("2026-12-05T00:00:00.000Z") },
    ]);
    expect(await gasUsed(on)).toEqual([0n, 0n]);
    expect(await gasUsed(on, "default", new Date("2026-12-05T00:00:00.000Z"))).toEqual([0n, 0n]);
  });

  it("settles nothing of a batch that is refused", async () => {
    const { lane } = await started("a");
    const batch = [failed("sub_a", "REJECTED"), failed("sub_unknown", "REJECTED")];
    await expect(on.ledger.recordTerminal(lane, batch)).rejects.toThrow("not in this lane");
    expect(await gasUsed(on)).toEqual([300n * TGAS, 300n * TGAS]);
    expect(await auditLog(on.ledger, "default")).toHaveLength(1);
  });

  it("settles a batch of several tenants, users, days and outcomes to the last unit", async () => {
    const lane = await heldLane(on.ledger);
    const days = [at(0), new Date("2026-11-02T01:00:00.000Z")];
    const inputs = ["t1", "t2"].flatMap((tenant) =>
      ["user:a", "user:b"].flatMap((user) =>
        days.flatMap((time, day) =>
          ["x", "y"].map((n) =>
            costing(`${tenant}${user}${day}${n}`, reservation({}, { gas: 10n, deposit: 3n }, user), {
              tenant,
              at: time,
            }),
          ),
        ),
      ),
    );
    for (const input of inputs) await on.ledger.accept(input);
    const works = await on.ledger.claim({ ...lane, limit: 100, nonceFloor: 1n });
    expect(works).toHaveLength(16);
    const succeeding = works.filter(({ submissionId }) => submissionId.endsWith("x"));
    await on.ledger.recordSigned(lane, succeeding.map(signed));
    const burnt = { gasBurnt: 4n, tokensBurnt: 1n, deposit: 2n };
    const items = works.map(({ submissionId }) =>
      submissionId.endsWith("x")
        ? { ...succeeded(submissionId), cost: burnt }
        : failed(submissionId, "REJECTED"),
    );
    await on.ledger.recordTerminal(lane, items.slice(0, 9));
    await on.ledger.recordTerminal(lane, items);
    for (const tenant of ["t1", "t2"]) {
      for (const time of days) {
        expect(await on.ledger.budgetUse(tenant, time)).toMatchObject([
          { used: { accounts: 0n, gas: 8n, deposit: 4n } },
          { used: { accounts: 0n, gas: 16n, deposit: 8n } },
        ]);
      }
    }
  });

  it("is recorded in the audit log once, with what it cost and why it failed", async () => {
    const { lane, sign } = await started("a");
    await sign();
    const end = { ...failed("sub_a", "FAILED", "EXECUTION_FAILED"), cost };
    await on.ledger.recordTerminal(lane, [end]);
    await on.ledger.recordTerminal(lane, [end]);
    const log = await auditLog(on.ledger, "default");
    expect(log).toMatchObject([
      { kind: "submission.accepted", actor: "key:1", at: at(0) },
      { kind: "submission.ended", actor: "relay", at: at(2_000) },
    ]);
    expect(JSON.parse(log[1]?.detail ?? "")).toEqual({
      submission: "sub_a",
      state: "FAILED",
      gas: (20n * TGAS).toString(),
      tokens_burnt: "9",
      deposit: "4",
      reason: "EXECUTION_FAILED",
      user: "user:alice",
    });
  });
});
