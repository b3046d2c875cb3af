// Replays recorded runs of threshold ECDSA against the reference library, and compares every message and every result:
//
//   npm run -s vectors:ecdsa -- FILE…
//
// The files have the form of tests/vectors/threshold-ecdsa. Exits with 1 when something differs.
import { readFileSync } from "node:fs";
import { libsecp256k1Points } from "../crypto/src/ot-ecdsa/libsecp256k1-points.ts";
import { noblePoints } from "../crypto/src/ot-ecdsa/noble-points.ts";
import { type Recording, replay } from "../tests/ecdsa/support/replay.ts";

const BACKENDS = { libsecp256k1: libsecp256k1Points, noble: noblePoints };

const files = process.argv.slice(2);
if (files.length === 0) throw new RangeError("name the recordings: npm run -s vectors:ecdsa -- FILE…");
let failed = 0;
for (const file of files) {
  const recording: Recording = JSON.parse(readFileSync(file, "utf8"));
  for (const [name, points] of Object.entries(BACKENDS)) {
    const differences = await replay(recording, points).catch((error: unknown) => [String(error)]);
    const { me } = recording.result;
    const messages = `${recording.out.length} messages as participant ${me}`;
    const verdict = differences.length === 0 ? `ok    ${messages}, every byte and result the same` : "FAIL ";
    process.stdout.write(`${verdict}  ${file} (${name})\n`);
    for (const difference of differences) process.stdout.write(`      ${difference}\n`);
    if (differences.length > 0) failed++;
  }
}
process.exitCode = failed === 0 ? 0 : 1;
