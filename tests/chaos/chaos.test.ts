import { describe, expect, it } from "vitest";
import { redisServer } from "../support/redis.ts";
import { reportText } from "./report.ts";
import { runChaos } from "./run.ts";
import { postgresPrograms } from "./world/own-postgres.ts";

const SEED = 20_261_122;

describe.skipIf(postgresPrograms === undefined || redisServer === undefined)("two relays in chaos", () => {
  it("keep every promise while processes are killed and stopped, and endpoints fail", async () => {
    const said: string[] = [];
    const { report, folder } = await runChaos({
      seed: SEED,
      durationMs: 14_000,
      pauses: 0.35,
      keys: 4,
      callers: 15,
      rate: 20,
      kills: true,
      plainOnly: false,
      settleMs: 60_000,
      say: (line) => said.push(line),
    });
    if (!report.ok) process.stderr.write(`${[...said, reportText(report), `logs: ${folder}`].join("\n")}\n`);
    expect(report.verdicts.flatMap(({ problems }) => problems)).toEqual([]);
    // The seed is one with which everything is tried.
    expect(Object.keys(report.disturbances)).toEqual(
      expect.arrayContaining(["bump nonce", "kill relay", "kill signer", "restart postgres", "stop relay"]),
    );
    expect(report.ends.SUCCEEDED).toBeGreaterThan(0);
  }, 480_000);
});
