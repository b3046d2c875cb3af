import { describe, expect, it } from "vitest";
import { ecdsaTable, runEcdsaAttack, runEcdsaAttacks } from "./support/ecdsa-campaign.ts";
import { ECDSA_POINTS } from "./support/ecdsa-points.ts";

const SEED = 20_261_121;

describe("relays and signers that are killed with kill -9", () => {
  it("at every point give one share for each presignature and each request, and go on", async () => {
    process.stderr.write(`kills with seed ${SEED}\n`);
    const reports = await runEcdsaAttacks({ kills: ECDSA_POINTS.length, seed: SEED });
    process.stderr.write(`${ecdsaTable(reports)}\n`);
    expect(reports.flatMap(({ violations }) => violations)).toEqual([]);
    const points = reports.flatMap(({ kills }) => [...kills.keys()]);
    expect(points.toSorted()).toEqual([...ECDSA_POINTS].toSorted());
    for (const { answered, ways } of reports) {
      expect(answered).toBeGreaterThan(20);
      expect(ways["reserved → used"]).toBeGreaterThan(10);
    }
  }, 600_000);
});

it("a signer that is broken, and gives a presignature to two signings, is found out", async () => {
  const store = "SQLite";
  const nextPoint = () => "while it answers" as const;
  const report = await runEcdsaAttack({ store, kills: 1, seed: SEED, rounds: "reserves twice", nextPoint });
  expect(report.violations).toContainEqual(expect.stringContaining("was reserved twice"));
}, 120_000);
