// Finishes signing sessions in a SQLite store until it is killed: prints each one before and after.

import { randomUUID } from "node:crypto";
import { Seals } from "@countersign/signer-service/sealing/seals.ts";
import { openStore } from "@countersign/signer-service/store/open-store.ts";
import { openThresholdStore } from "@countersign/signer-service/threshold/store/sql-threshold-store.ts";
import { configOf } from "../store/stores.ts";
import { at, request, run, SEALING_KEY } from "./threshold-builders.ts";

const { engine } = await openStore(configOf(process.argv[2] ?? ""), {
  now: () => at(0),
  newIncarnation: randomUUID,
  events: { restored: () => process.exit(2), witnessFailed: () => process.exit(3) },
});
const seals = new Seals([SEALING_KEY]);
const store = openThresholdStore(engine, { seals: () => seals, onUnreadable: () => process.exit(4) });
for (;;) {
  const wanted = request();
  await store.putRequests([wanted]);
  const signing = run(wanted);
  await store.openSigning(signing, 1, at(1));
  process.stdout.write(`open ${signing.id}\n`);
  await store.finishSigning(signing.id, new Uint8Array(32), Buffer.from(signing.id), at(1));
  process.stdout.write(`done ${signing.id}\n`);
}
