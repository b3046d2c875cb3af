// Adds entries to the journal of a SQLite store until it is killed, and prints each one's place.
import { randomUUID } from "node:crypto";
import { openStore } from "@countersign/signer-service/store/open-store.ts";
import { addEntry, configOf } from "./stores.ts";

const store = await openStore(configOf(process.argv[2] ?? ""), {
  now: () => new Date(),
  newIncarnation: randomUUID,
  events: { restored: () => process.exit(2), witnessFailed: () => process.exit(3) },
});
for (;;) process.stdout.write(`${await addEntry(store)}\n`);
