import type { LaneToken, LaneWork, Ledger } from "@countersign/server/ledger/ledger.ts";
import { expect, it } from "vitest";
import { at, creation, delegate, failed, heldLane, reservation, signed, succeeded } from "./builders.ts";
import { type Context, overEngines } from "./over-engines.ts";
import { auditLog } from "./protection-builders.ts";

/** Two replicas where the engine allows it. */
async function replicas(on: Context): Promise<[Ledger, Ledger]> {
  return [on.ledger, on.engine.name === "postgres" ? await on.home.open() : on.ledger];
}

function counted(results: readonly { readonly outcome: string }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { outcome } of results) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}

async function accountsUsed(ledger: Ledger): Promise<bigint[]> {
  return (await ledger.budgetUse("default", at(0))).map(({ used }) => used.accounts);
}

overEngines("budgets under concurrency", (on) => {
  it("accept exactly 100 of 500 at the same time, and exactly what was refunded after that", async () => {
    const ledgers = await replicas(on);
    const budget = reservation({ "tenant-month": { accounts: 100n } }, { accounts: 1n });
    const round = (name: string) =>
      Promise.all(
        Array.from({ length: 500 }, (_, i) =>
          (ledgers[i % 2] as Ledger).accept({ ...creation(`${name}${i}`), budget }),
        ),
      );
    expect(counted(await round("a"))).toEqual({ accepted: 100, "budget-exhausted": 400 });
    expect(await on.ledger.countOpen()).toBe(100);
    expect(await auditLog(on.ledger, "default")).toHaveLength(100);

    const lane = await heldLane(on.ledger);
    const works = await on.ledger.claim({ ...lane, limit: 100, nonceFloor: 1n });
    await on.ledger.recordSigned(lane, works.map(signed));
    const cost = { gasBurnt: 1n, tokensBurnt: 1n, deposit: 0n };
    const ends = works.map(({ submissionId }, i) =>
      i % 2 === 0 ? succeeded(submissionId) : { ...failed(submissionId, "FAILED"), cost },
    );
    // Half of them twice, from both replicas at once.
    await Promise.all([
      ...ends.map((end) => ledgers[0].recordTerminal(lane, [end])),
      ledgers[1].recordTerminal(lane, ends.slice(0, 50)),
    ]);
    expect(await accountsUsed(on.ledger)).toEqual([50n, 50n]);
    expect(counted(await round("b"))).toEqual({ accepted: 50, "budget-exhausted": 450 });
    expect(await accountsUsed(on.ledger)).toEqual([100n, 100n]);
  });

  it("never wait for each other in a circle, and end at exactly what was spent", async () => {
    const ledgers = await replicas(on);
    const tenants = ["t1", "t2", "t3"];
    const users = ["user:a", "user:b", "user:c"];
    // Around midnight of a month's end, so that rows are made all the time.
    const times = ["2026-11-30T23:59:59Z", "2026-12-01T00:00:01Z", "2026-12-02T00:00:01Z"].map(
      (t) => new Date(t),
    );
    const lanes = await Promise.all([
      heldLane(ledgers[0], "1", "relay-1"),
      heldLane(ledgers[1], "2", "relay-2"),
    ]);
    const pick = <T>(list: readonly T[], i: number) => list[i % list.length] as T;

    let accepting = true;
    const accepted = Promise.all(
      Array.from({ length: 240 }, (_, i) =>
        pick(ledgers, i).accept(
          delegate(`n${i}`, {
            tenant: pick(tenants, i),
            at: pick(times, Math.floor(i / 9)),
            budget: reservation({}, { gas: 10n, deposit: 3n }, pick(users, Math.floor(i / 3))),
          }),
        ),
      ),
    ).finally(() => {
      accepting = false;
    });
    const finish = async (ledger: Ledger, lane: LaneToken): Promise<number> => {
      let ended = 0;
      for (;;) {
        const last = !accepting;
        const works: LaneWork[] = await ledger.claim({ ...lane, limit: 40, nonceFloor: 1n });
        if (works.length === 0 && last) return ended;
        await ledger.recordSigned(lane, works.map(signed));
        const items = works.map(({ submissionId }) => ({
          ...succeeded(submissionId),
          cost: { gasBurnt: 4n, tokensBurnt: 1n, deposit: 0n },
        }));
        // In batches of different order, several at once.
        await Promise.all(
          [0, 1, 2].map((part) =>
            ledger.recordTerminal(
              lane,
              items.filter((_, i) => i % 3 === part),
            ),
          ),
        );
        ended += works.length;
      }
    };
    const ended = await Promise.all(lanes.map((lane, i) => finish(pick(ledgers, i), lane)));
    expect(counted(await accepted)).toEqual({ accepted: 240 });
    expect((ended[0] ?? 0) + (ended[1] ?? 0)).toBe(240);
    for (const tenant of tenants) {
      const uses = await Promise.all(times.map((time) => on.ledger.budgetUse(tenant, time)));
      const days = uses.map(([day]) => day?.used.gas ?? 0n);
      expect(days[0]).toBe(uses[0]?.[1]?.used.gas);
      expect(days.reduce((a, b) => a + b)).toBe(320n);
      expect((days[1] ?? 0n) + (days[2] ?? 0n)).toBe(uses[1]?.[1]?.used.gas);
    }
  });
});
