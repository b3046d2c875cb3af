import { changesOf, recordStates } from "../../signer/threshold-ecdsa-store/states.ts";
import { postgresUrl } from "../../support/postgres.ts";
import { seededRandom } from "../../support/seeded-random.ts";
import { type AttackStore, createAttackGround } from "../../threshold-attacks/support/attack-site.ts";
import { pointDealer, runKills, textTable } from "../../threshold-attacks/support/kill-campaign.ts";
import { attackSettings } from "./attack-settings.ts";
import { EcdsaAttacker } from "./ecdsa-attacker.ts";
import { ECDSA_POINTS, type EcdsaPoint, type EcdsaRounds } from "./ecdsa-points.ts";
import { queriedStore } from "./signer-rows.ts";
import { storedPresignatures } from "./stored-presignatures.ts";

export interface EcdsaCampaign {
  readonly store: AttackStore;
  readonly kills: number;
  readonly seed: number;
  /** Default: the real ones. */
  readonly rounds?: EcdsaRounds;
  /** Default: all of them, each as often as the others. */
  readonly nextPoint?: () => EcdsaPoint;
}

export interface EcdsaReport {
  readonly store: AttackStore;
  readonly kills: ReadonlyMap<EcdsaPoint, number>;
  /** Presignatures that both sides had, signings that began and were answered on the wire, and honest signatures. */
  readonly presigned: number;
  readonly begun: number;
  readonly answered: number;
  readonly signed: number;
  /** How many presignatures went which way, as the database noted it. */
  readonly ways: Readonly<Record<string, number>>;
  /** What must never be, in sentences. */
  readonly violations: readonly string[];
}

const SIGNER = new URL("faulty-ecdsa-signer.ts", import.meta.url);

/** Kills relays and signers on new databases so many times, and checks all that they gave and kept. */
export async function runEcdsaAttack(campaign: EcdsaCampaign): Promise<EcdsaReport> {
  const { store, kills: count, seed, rounds = "real" } = campaign;
  const random = seededRandom(seed);
  const ground = await createAttackGround(store, { rounds, program: SIGNER, threshold: attackSettings() });
  const attacker = new EcdsaAttacker(random);
  const { history } = attacker;
  const home = queriedStore(ground.signerStore);
  let changes: Awaited<ReturnType<typeof changesOf>> = { wrong: [], ways: {} };
  const { kills, faults } = await runKills({
    ground,
    rival: attacker,
    random,
    kills: count,
    nextPoint: campaign.nextPoint ?? pointDealer(ECDSA_POINTS, random),
    started: () => recordStates(home),
    look: async () => {
      history.stored.push(...(await storedPresignatures(ground.signerStore)));
      changes = await changesOf(home);
    },
  });
  return {
    store,
    kills,
    presigned: history.halves.size,
    begun: history.begun.length,
    answered: history.answered.length,
    signed: attacker.signed,
    ways: changes.ways,
    violations: [...attacker.violations, ...changes.wrong, ...faults],
  };
}

/** Campaigns at the same time, on every kind of store that is there. The kills are dealt out among them. */
export function runEcdsaAttacks({ kills, seed }: { kills: number; seed: number }): Promise<EcdsaReport[]> {
  const stores: AttackStore[] = [
    "SQLite",
    postgresUrl === undefined ? "SQLite" : "PostgreSQL, two relays and signers",
  ];
  const nextPoint = pointDealer(ECDSA_POINTS, seededRandom(seed));
  return Promise.all(
    stores.map((store, i) => {
      const share = Math.floor(kills / stores.length) + (i < kills % stores.length ? 1 : 0);
      return runEcdsaAttack({ store, kills: share, seed: seed + i, nextPoint });
    }),
  );
}

/** How often something was killed at each point, and what was signed meanwhile. */
export function ecdsaTable(reports: readonly EcdsaReport[]): string {
  return textTable([
    ["killed", ...reports.map(({ store }) => store)],
    ...ECDSA_POINTS.map((point) => [point, ...reports.map(({ kills }) => String(kills.get(point) ?? 0))]),
    ["presignatures", ...reports.map(({ presigned }) => String(presigned))],
    ["signings begun", ...reports.map(({ begun }) => String(begun))],
    ["shares released", ...reports.map(({ answered }) => String(answered))],
    ["signatures of wallets", ...reports.map(({ signed }) => String(signed))],
  ]);
}
