import { describe, expect, it } from "vitest";
import { runCampaign } from "./support/campaign.ts";
import { campaignTable } from "./support/campaign-table.ts";
import { runCampaigns } from "./support/campaigns.ts";
import type { FaultPoint, JournalKind } from "./support/plan.ts";

const SEED = 20_261_121;

describe("a signer that is killed with kill -9", () => {
  it("50 times signs one payload for a nonce, gives one signature for it, and goes on", async () => {
    process.stderr.write(`kills with seed ${SEED}\n`);
    const reports = await runCampaigns({ kills: 50, seed: SEED });
    process.stderr.write(`${campaignTable(reports)}\n`);
    expect(reports.flatMap(({ violations }) => violations)).toEqual([]);
    expect(reports.flatMap(({ points }) => points).reduce((sum, { kills }) => sum + kills, 0)).toBe(50);
  }, 600_000);
});

describe("a journal that is broken is found out", () => {
  const cases: [JournalKind, FaultPoint[], string][] = [
    ["forgets at a kill", ["after the backend signed", "before record"], "has two payloads signed"],
    ["answers too early", ["after the backend signed", "before record"], "has two payloads signed"],
    ["keeps no signatures", ["while it answers", "after record"], "has two signatures released"],
  ];
  it.each(cases)(
    "that %s",
    async (journal, points, violation) => {
      const report = await runCampaign({ store: "SQLite", kills: 2, seed: SEED, journal, points });
      expect(report.violations).toContainEqual(expect.stringContaining(violation));
    },
    120_000,
  );
});
