// Kills signers with kill -9 and checks that no nonce of a key ever has two payloads signed, and that nothing blocks:
//
//   npm run soak -- [--kills N] [--seed N]
//
// On SQLite; on PostgreSQL and with a SoftHSM token too where scripts/services.sh gives them. Exits with 1 when a
// promise was broken.
import { parseArgs } from "node:util";
import { postgresUrl } from "../../support/postgres.ts";
import { softHsmModule } from "../../support/softhsm.ts";
import { campaignTable } from "./support/campaign-table.ts";
import { runCampaigns } from "./support/campaigns.ts";

const { values } = parseArgs({ options: { kills: { type: "string" }, seed: { type: "string" } } });
const kills = Number(values.kills ?? 1_000);
const seed = Number(values.seed ?? Date.now() % 2 ** 32);
if (!Number.isInteger(kills) || kills < 1 || !Number.isInteger(seed)) {
  throw new RangeError("--kills and --seed take whole numbers");
}

const say = (text: string) => process.stdout.write(`${text}\n`);
say(`${kills} kills with seed ${seed}`);
const without = "run through scripts/services.sh run";
if (postgresUrl === undefined) say(`without PostgreSQL: ${without}`);
if (softHsmModule === undefined) say(`without a SoftHSM token: ${without}`);
const reports = await runCampaigns({ kills, seed });
say(campaignTable(reports));
const violations = reports.flatMap((report) => report.violations.map((text) => `${report.store}: ${text}`));
for (const text of violations) say(`VIOLATION ${text}`);
say(violations.length === 0 ? "no promise was broken" : `${violations.length} violations; seed ${seed}`);
process.exitCode = violations.length === 0 ? 0 : 1;
