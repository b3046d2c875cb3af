import { expect, it } from "vitest";
import { at, delegate, event } from "./builders.ts";
import { overEngines } from "./over-engines.ts";
import { hashEntry } from "./protection-builders.ts";

overEngines("chaining from two replicas", (on) => {
  it("never forks a chain and leaves no event out, while events are appended", async () => {
    const ledgers = [on.ledger, on.engine.name === "postgres" ? await on.home.open() : on.ledger];
    let appending = true;
    const appended = (async () => {
      for (let round = 0; round < 20; round++) {
        await Promise.all(
          ledgers.flatMap((ledger, i) => [
            ledger.appendAudit([event({ tenant: `t${round % 2}`, at: at(round), detail: { round, i } })]),
            ledger.accept(
              delegate(`n${round}-${i}`, { tenant: "t0", audit: event({ tenant: "t0", at: at(round) }) }),
            ),
          ]),
        );
      }
    })().finally(() => {
      appending = false;
    });
    const chain = async (ledger: (typeof ledgers)[number]) => {
      let total = 0;
      for (;;) {
        const last = !appending;
        const chained = await ledger.chainAudit(hashEntry, 7);
        total += chained;
        if (chained === 0 && last) return total;
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    const totals = await Promise.all([...ledgers, ...ledgers].map(chain));
    await appended;
    let left = 0;
    for (let n = 1; n > 0; left += n) n = await on.ledger.chainAudit(hashEntry, 1_000);
    expect(totals.reduce((a, b) => a + b) + left).toBe(80);
    for (const [tenant, count] of [
      ["t0", 60],
      ["t1", 20],
    ] as const) {
      const entries = await on.ledger.readAudit(tenant, 1n, 1_000);
      expect(entries).toHaveLength(count);
      let previous: Uint8Array = new Uint8Array(32);
      for (const [i, entry] of entries.entries()) {
        expect(entry.sequence).toBe(BigInt(i + 1));
        previous = hashEntry(previous, entry);
        expect(entry.hash).toEqual(previous);
      }
    }
  });
});
