// Makes presignatures and uses them up in a SQLite store until it is killed: prints what was done, once it is.

import { randomUUID } from "node:crypto";
import { Seals } from "@countersign/signer-service/sealing/seals.ts";
import { openStore } from "@countersign/signer-service/store/open-store.ts";
import { openEcdsaStore } from "@countersign/signer-service/threshold/store/sql-ecdsa-store.ts";
import { openThresholdStore } from "@countersign/signer-service/threshold/store/sql-threshold-store.ts";
import { configOf } from "../store/stores.ts";
import { at, keyRecord, request, SEALING_KEY, session } from "../threshold-store/threshold-builders.ts";
import { EPOCH, entry, fill, signing } from "./ecdsa-builders.ts";

const { engine } = await openStore(configOf(process.argv[2] ?? ""), {
  now: () => at(0),
  newIncarnation: randomUUID,
  events: { restored: () => process.exit(2), witnessFailed: () => process.exit(3) },
});
const seals = new Seals([SEALING_KEY]);
const options = { seals: () => seals, onUnreadable: () => process.exit(4) };
const store = openThresholdStore(engine, options);
const ecdsa = openEcdsaStore(engine, options);
await store.insertKey(keyRecord());
await store.putSession(session());
for (;;) {
  const wanted = request();
  await store.putRequests([wanted]);
  const wish = signing(wanted, entry(wanted.id).id, { id: wanted.id });
  await fill(ecdsa, [wanted.id]);
  process.stdout.write(`available ${wish.id}\n`);
  await ecdsa.reserve(wish, EPOCH, 1, at(1));
  process.stdout.write(`reserved ${wish.id}\n`);
  await ecdsa.finishEcdsaSigning(wish.id, Buffer.from(wish.id), at(1));
  process.stdout.write(`used ${wish.id}\n`);
}
