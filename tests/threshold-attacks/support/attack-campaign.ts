import { postgresUrl } from "../../support/postgres.ts";
import { seededRandom } from "../../support/seeded-random.ts";
import { ATTACK_POINTS, type AttackPoint, type RoundsKind } from "./attack-plan.ts";
import { type AttackStore, createAttackGround } from "./attack-site.ts";
import { Attacker } from "./attacker.ts";
import { violations } from "./history.ts";
import { pointDealer, runKills, textTable } from "./kill-campaign.ts";
import { changesOfRuns } from "./stored-runs.ts";

export interface AttackCampaign {
  readonly store: AttackStore;
  readonly kills: number;
  readonly seed: number;
  /** Default: the real ones. */
  readonly rounds?: RoundsKind;
  /** Default: all of them. */
  readonly points?: readonly AttackPoint[];
}

export interface AttackReport {
  readonly store: AttackStore;
  readonly kills: ReadonlyMap<AttackPoint, number>;
  /** Runs that began and were answered on the wire, and signatures of wallets that mean no harm. */
  readonly begun: number;
  readonly answered: number;
  readonly signed: number;
  /** What must never be, in sentences. */
  readonly violations: readonly string[];
}

/** Kills relays and signers on new databases so many times, at each point about equally often, and checks all they gave. */
export async function runAttack(campaign: AttackCampaign): Promise<AttackReport> {
  const { store, kills: count, seed, rounds = "real", points = ATTACK_POINTS } = campaign;
  const random = seededRandom(seed);
  const ground = await createAttackGround(store, { rounds });
  const attacker = new Attacker(random);
  const { history } = attacker;
  const changes = changesOfRuns(ground.signerStore);
  const { kills, faults } = await runKills({
    ground,
    rival: attacker,
    random,
    kills: count,
    nextPoint: pointDealer(points, random),
    look: async () => void history.stored.push(...(await changes())),
  });
  return {
    store,
    kills,
    begun: history.begun.length,
    answered: history.answered.length,
    signed: attacker.signed,
    violations: [...violations(history), ...new Set(attacker.blocked), ...faults],
  };
}

/** Campaigns at the same time, on every kind of store that is there. The kills are shared out among them. */
export function runAttacks({ kills, seed }: { kills: number; seed: number }): Promise<AttackReport[]> {
  const stores: AttackStore[] = [
    "SQLite",
    postgresUrl === undefined ? "SQLite" : "PostgreSQL, two relays and signers",
  ];
  return Promise.all(
    stores.map((store, i) => {
      const share = Math.floor(kills / stores.length) + (i < kills % stores.length ? 1 : 0);
      return runAttack({ store, kills: share, seed: seed + i });
    }),
  );
}

/** How often something was killed at each point, and what was signed meanwhile. */
export function attackTable(reports: readonly AttackReport[]): string {
  return textTable([
    ["killed", ...reports.map(({ store }) => store)],
    ...ATTACK_POINTS.map((point) => [point, ...reports.map(({ kills }) => String(kills.get(point) ?? 0))]),
    ["runs begun", ...reports.map(({ begun }) => String(begun))],
    ["shares released", ...reports.map(({ answered }) => String(answered))],
    ["signatures of wallets", ...reports.map(({ signed }) => String(signed))],
  ]);
}
