import { hashEntry } from "@countersign/server/audit/entry-hash.ts";
import type { AuditStore } from "@countersign/server/ledger/ledger.ts";
import { expect, it, vi } from "vitest";
import { at, event } from "../ledger/builders.ts";
import { overEngines } from "../ledger/over-engines.ts";
import { DAY_MS, exported, KEY, keeperOf, storeWith, verified } from "./support/exports.ts";

overEngines("the keeper of the audit log", (on) => {
  it("chains what is recorded, signs heads that verify, and stops when it is told to", async () => {
    const stopping = new AbortController();
    const running = keeperOf(on.ledger, { headIntervalMs: 0, now: () => at(50) }).run(stopping.signal);
    await on.ledger.appendAudit([event({ tenant: "a" }), event({ tenant: "" })]);
    await vi.waitFor(
      async () => {
        for (const tenant of ["a", ""]) {
          expect(await on.ledger.readAuditHeads(tenant, 1n, 1n)).toMatchObject([
            { publicKey: KEY.publicKey, at: at(50) },
          ]);
        }
      },
      { timeout: 20_000 },
    );
    stopping.abort();
    await running;
    expect(await verified(await exported(on.ledger, "a"))).toMatchObject({
      ok: true,
      entries: 1n,
      signedHeads: 1,
    });
  });

  it("tells of failures of every step, goes on with the others and never throws", async () => {
    const away = async () => {
      throw new Error("away");
    };
    const failing: Partial<AuditStore> = { chainAudit: away, unsignedAuditHeads: away, prunableAudit: away };
    const failures: unknown[] = [];
    const stopping = new AbortController();
    const onFailed = (error: unknown) => void failures.push(error);
    const store = storeWith(on.ledger, failing);
    const running = keeperOf(store, { headIntervalMs: 0, retentionDays: 1, onFailed }).run(stopping.signal);
    await vi.waitFor(() => expect(failures.length).toBeGreaterThanOrEqual(3), { timeout: 20_000 });
    for (const name of Object.keys(failing)) Reflect.deleteProperty(failing, name);
    await on.ledger.appendAudit([event({ tenant: "a" })]);
    await vi.waitFor(async () => expect(await on.ledger.readAuditHeads("a", 1n, 1n)).toHaveLength(1), {
      timeout: 20_000,
    });
    stopping.abort();
    await running;
    expect(failures.map(String)).toEqual(failures.map(() => "Error: away"));
  });

  it("signs heads, and ends what an export waits for, while entries never stop coming", async () => {
    const busy: AuditStore["chainAudit"] = async (hash, limit) => {
      await on.ledger.appendAudit([event({ tenant: "a" })]);
      return on.ledger.chainAudit(hash, limit);
    };
    const store = storeWith(on.ledger, { chainAudit: busy });
    await keeperOf(store).chainNow();
    const stopping = new AbortController();
    const running = keeperOf(store, { headIntervalMs: 0 }).run(stopping.signal);
    await vi.waitFor(async () => expect(await on.ledger.readAuditHeads("a", 1n, 1_000n)).not.toEqual([]), {
      timeout: 20_000,
    });
    stopping.abort();
    await running;
  }, 30_000);

  it("catches up with more than one batch before an export", async () => {
    await on.ledger.appendAudit(Array.from({ length: 1_234 }, (_, i) => event({ tenant: "a", at: at(i) })));
    await keeperOf(on.ledger).chainNow();
    expect(await on.ledger.auditHead("a")).toMatchObject({ sequence: 1_234n });
  });

  it("never forks or doubles when two of them keep one ledger", async () => {
    const ledgers = [on.ledger, on.engine.name === "postgres" ? await on.home.open() : on.ledger];
    const stopping = new AbortController();
    const running = ledgers.map((ledger) => keeperOf(ledger, { headIntervalMs: 0 }).run(stopping.signal));
    const noted = await Promise.all(
      Array.from({ length: 60 }, async (_, i) => {
        const detail = { number: i };
        await ledgers[i % 2]?.appendAudit([event({ tenant: "a", at: at(i), detail })]);
        if (i % 7 === 0) await keeperOf(on.ledger).chainNow();
        return JSON.stringify(detail);
      }),
    );
    stopping.abort();
    await Promise.all(running);
    const lines = await exported(on.ledger, "a");
    expect(await verified(lines)).toMatchObject({ ok: true, entries: 60n });
    const entries = await on.ledger.readAudit("a", 1n, 100);
    expect(entries.map(({ detail }) => detail).toSorted()).toEqual(noted.toSorted());
    expect(await on.ledger.chainAudit(hashEntry, 10)).toBe(0);
  });

  it("deletes what is older than the retention and signed, and nothing when it keeps all", async () => {
    const old = [event({ tenant: "a", at: at(0) }), event({ tenant: "a", at: at(1) })];
    await on.ledger.appendAudit(old);
    await keeperOf(on.ledger).chainNow();
    const later = () => at(10 * DAY_MS);
    await keeperOf(on.ledger, { now: later, retentionDays: 1 }).prune();
    expect(await on.ledger.readAudit("a", 1n, 10)).toHaveLength(2);
    await keeperOf(on.ledger).signHeads();
    await keeperOf(on.ledger, { now: later, retentionDays: 0 }).prune();
    await keeperOf(on.ledger, { now: () => at(DAY_MS), retentionDays: 1 }).prune();
    expect(await on.ledger.readAudit("a", 1n, 10)).toHaveLength(2);
    await keeperOf(on.ledger, { now: later, retentionDays: 9 }).prune();
    expect(await on.ledger.readAudit("a", 1n, 10)).toEqual([]);
    expect(await verified(await exported(on.ledger, "a"))).toMatchObject({ ok: true, entries: 0n });
  });
});
