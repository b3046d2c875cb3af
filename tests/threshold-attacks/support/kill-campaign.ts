import { AttackLives } from "./attack-lives.ts";
import type { AttackGround } from "./attack-site.ts";
import type { Rival } from "./rival.ts";

/** How many kills pass before it is told how far a campaign is. */
const TELL_AFTER = 50;

export interface KillCampaign<Point extends string> {
  readonly ground: AttackGround;
  readonly rival: Rival;
  readonly random: () => number;
  readonly kills: number;
  /** Where the next one is killed. */
  readonly nextPoint: () => Point;
  /** Once, when all processes serve. */
  readonly started?: () => Promise<void>;
  /** After each kill, and at the end: looks at the store. */
  readonly look: () => Promise<void>;
}

/**
 * Kills relays and signers on a new ground so many times, and removes it; how often at each point, and what ended that was
 * not killed.
 */
export async function runKills<Point extends string>(
  campaign: KillCampaign<Point>,
): Promise<{ readonly kills: ReadonlyMap<Point, number>; readonly faults: readonly string[] }> {
  const { ground, rival, random, kills, nextPoint, started, look } = campaign;
  const lives = new AttackLives(ground, rival, random);
  const counts = new Map<Point, number>();
  try {
    await lives.start();
    await started?.();
    for (let kill = 0; kill < kills; kill++) {
      const point = nextPoint();
      counts.set(point, (counts.get(point) ?? 0) + 1);
      await lives.killAt(point);
      await look();
      if ((kill + 1) % TELL_AFTER === 0) process.stderr.write(`${kill + 1} of ${kills} kills\n`);
    }
    await rival.attack();
    await look();
    return { kills: counts, faults: lives.faults };
  } finally {
    await lives.stop();
    await ground.remove();
  }
}

/** Gives points in a random order, each as often as the others. */
export function pointDealer<Point>(points: readonly Point[], random: () => number): () => Point {
  let left: Point[] = [];
  return () => {
    if (left.length === 0) left = [...points];
    const [next] = left.splice(Math.floor(random() * left.length), 1);
    if (next === undefined) throw new Error("a campaign without points");
    return next;
  };
}

/** Rows of cells in columns, the first one on the left. */
export function textTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const line = (row: readonly string[]) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join("  ");
  return rows.map(line).join("\n");
}
