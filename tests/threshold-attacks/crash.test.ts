import { describe, expect, it } from "vitest";
import { attackTable, runAttack, runAttacks } from "./support/attack-campaign.ts";
import type { AttackPoint, RoundsKind } from "./support/attack-plan.ts";

const SEED = 20_261_121;

describe("relays and signers that are killed with kill -9", () => {
  it("50 times give one share of the relayer's for each pair of nonces and each request, and go on", async () => {
    process.stderr.write(`kills with seed ${SEED}\n`);
    const reports = await runAttacks({ kills: 50, seed: SEED });
    process.stderr.write(`${attackTable(reports)}\n`);
    expect(reports.flatMap(({ violations }) => violations)).toEqual([]);
    const kills = reports.flatMap((report) => [...report.kills.values()]);
    expect(kills.reduce((sum, count) => sum + count, 0)).toBe(50);
    for (const { answered } of reports) expect(answered).toBeGreaterThan(50);
  }, 600_000);
});

describe("a signer that is broken is found out", () => {
  const cases: [RoundsKind, AttackPoint, string][] = [
    ["repeats nonces", "while it answers", "has two shares"],
    ["forgets what is finished", "after finishSigning", "was answered in two runs"],
    ["answers to burnt runs", "from outside, while calls run", "was answered in two runs"],
  ];
  it.each(cases)(
    "that %s",
    async (rounds, point, violation) => {
      const report = await runAttack({ store: "SQLite", kills: 1, seed: SEED, rounds, points: [point] });
      expect(report.violations).toContainEqual(expect.stringContaining(violation));
    },
    120_000,
  );
});
