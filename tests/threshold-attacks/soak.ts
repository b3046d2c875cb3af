// Kills relays and signers with kill -9 while wallets and an attacker use a threshold key, and checks that no pair of the
// relayer's nonces ever has two shares, that no request is answered twice, and that nothing blocks:
//
//   npm run soak:threshold -- [--kills N] [--seed N]
//
// On SQLite; on PostgreSQL too where scripts/services.sh gives it. Exits with 1 when a promise was broken.
import { parseArgs } from "node:util";
import { postgresUrl } from "../support/postgres.ts";
import { attackTable, runAttacks } from "./support/attack-campaign.ts";

const { values } = parseArgs({ options: { kills: { type: "string" }, seed: { type: "string" } } });
const kills = Number(values.kills ?? 1_000);
const seed = Number(values.seed ?? Date.now() % 2 ** 32);
if (!Number.isInteger(kills) || kills < 1 || !Number.isInteger(seed)) {
  throw new RangeError("--kills and --seed take whole numbers");
}

const say = (text: string) => process.stdout.write(`${text}\n`);
say(`${kills} kills with seed ${seed}`);
if (postgresUrl === undefined) say("without PostgreSQL: run through scripts/services.sh run");
const reports = await runAttacks({ kills, seed });
say(attackTable(reports));
const violations = reports.flatMap((report) => report.violations.map((text) => `${report.store}: ${text}`));
for (const text of violations) say(`VIOLATION ${text}`);
say(violations.length === 0 ? "no promise was broken" : `${violations.length} violations; seed ${seed}`);
process.exitCode = violations.length === 0 ? 0 : 1;
