// Kills relays and signers with kill -9 while wallets and an attacker make presignatures and use them, and checks that no
// presignature ever has two shares of the relayer's, that no request is answered twice, and that nothing blocks:
//
//   node tests/ecdsa-attacks/soak.ts [--kills N] [--seed N]
//
// On SQLite; on PostgreSQL too where scripts/services.sh gives it. Exits with 1 when a promise was broken.
import { parseArgs } from "node:util";
import { postgresUrl } from "../support/postgres.ts";
import { ecdsaTable, runEcdsaAttacks } from "./support/ecdsa-campaign.ts";

const { values } = parseArgs({ options: { kills: { type: "string" }, seed: { type: "string" } } });
const kills = Number(values.kills ?? 1_000);
const seed = Number(values.seed ?? Date.now() % 2 ** 32);
if (!Number.isInteger(kills) || kills < 1 || !Number.isInteger(seed)) {
  throw new RangeError("--kills and --seed take whole numbers");
}

const say = (text: string) => process.stdout.write(`${text}\n`);
say(`${kills} kills with seed ${seed}`);
if (postgresUrl === undefined) say("without PostgreSQL: run through scripts/services.sh run");
const reports = await runEcdsaAttacks({ kills, seed });
say(ecdsaTable(reports));
const violations = reports.flatMap((report) => report.violations.map((text) => `${report.store}: ${text}`));
for (const text of violations) say(`VIOLATION ${text}`);
say(violations.length === 0 ? "no promise was broken" : `${violations.length} violations; seed ${seed}`);
process.exitCode = violations.length === 0 ? 0 : 1;
