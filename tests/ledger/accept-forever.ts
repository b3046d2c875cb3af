// Accepts submissions one after another and prints the id of each one that is durable, until it is killed.
import { openLedger } from "@countersign/server/ledger/open-ledger.ts";
import { Secret } from "@countersign/service-kit";
import { creation } from "./builders.ts";

const ledger = await openLedger(new Secret(process.argv[2] ?? ""));
const lanes = Array.from({ length: 8 }, (_, lane) => acceptForever(lane));
await Promise.all(lanes);

async function acceptForever(lane: number): Promise<never> {
  for (let i = 0; ; i++) {
    const name = `${process.pid}-${lane}-${i}`;
    const result = await ledger.accept({ ...creation(name), maxOpen: 1_000_000 });
    process.stdout.write(`sub_${name} ${result.outcome}\n`);
  }
}
