import { AuditLog } from "@countersign/server/audit/audit-log.ts";
import type { Refusal } from "@countersign/server/audit/refusal-groups.ts";
import { expect, it } from "vitest";
import { at } from "../ledger/builders.ts";
import { overEngines } from "../ledger/over-engines.ts";
import { AWKWARD, exported, keeperOf, verified } from "./support/exports.ts";

const refusal: Refusal = {
  tenant: "acme",
  kind: "call.denied",
  actor: "key:1",
  reason: "POLICY_RECEIVER_NOT_ALLOWED",
  method: "SubmitDelegate",
  address: "192.0.2.1",
};

overEngines("refusals in the audit log", (on) => {
  async function chained(tenant: string) {
    await keeperOf(on.ledger).chainNow();
    return on.ledger.readAudit(tenant, 1n, 1_000);
  }

  it("stand there when the log is closed, grouped and counted, and verify", async () => {
    const log = new AuditLog({
      store: on.ledger,
      now: () => at(5),
      onFailed: (error) => expect.unreachable(String(error)),
    });
    for (let i = 0; i < 12; i++)
      log.note({ ...refusal, method: i % 3 === 0 ? "CreateAccount" : refusal.method });
    await log.close();
    log.note(refusal);
    await log.close();
    const entries = await chained("acme");
    expect(entries).toMatchObject([
      { kind: "call.denied", actor: "key:1", at: at(5) },
      { kind: "call.denied", actor: "key:1", at: at(5) },
    ]);
    const { reason, address } = refusal;
    expect(entries.map(({ detail }) => JSON.parse(detail))).toEqual([
      { reason, method: "CreateAccount", address, count: 4 },
      { reason, method: "SubmitDelegate", address, count: 8 },
    ]);
    expect(await verified(await exported(on.ledger, "acme"))).toMatchObject({ ok: true, entries: 2n });
  });

  it("are a bounded number of rows under a flood of texts that no ledger stores as they are", async () => {
    const log = new AuditLog({
      store: on.ledger,
      now: () => at(5),
      onFailed: (error) => expect.unreachable(String(error)),
    });
    const bad = [...AWKWARD, "\0", "\ud800", "\0".repeat(10_000), "\udfff\ud800".repeat(5_000)];
    const flood = 3_000;
    for (let i = 0; i < flood; i++) {
      const text = `${i % 700}${bad[i % bad.length]}`;
      log.note({ ...refusal, tenant: i % 5 === 0 ? "" : "acme", actor: text, reason: text, address: text });
    }
    await log.close();
    const entries = [...(await chained("acme")), ...(await chained(""))];
    expect(entries.length).toBeLessThanOrEqual(256 + 64 + 3);
    const counts = entries.map(({ detail }) => Number(JSON.parse(detail).count));
    expect(counts.reduce((a, b) => a + b)).toBe(flood);
    for (const tenant of ["acme", ""]) {
      expect(await verified(await exported(on.ledger, tenant))).toMatchObject({ ok: true });
    }
  });

  it("are all written once when a write fails and the next does not", async () => {
    let failing = true;
    const failures: unknown[] = [];
    const log = new AuditLog({
      store: {
        appendAudit: async (events) => {
          if (failing) throw new Error("away");
          await on.ledger.appendAudit(events);
        },
      },
      now: () => at(5),
      onFailed: (error) => {
        failures.push(error);
        failing = false;
        log.note({ ...refusal, actor: "key:2" });
      },
    });
    log.note(refusal);
    await expect.poll(() => failures.length, { timeout: 10_000 }).toBe(1);
    await log.close();
    const entries = await chained("acme");
    expect(entries.map(({ actor }) => actor).toSorted()).toEqual(["key:1", "key:2"]);
    expect(failures).toHaveLength(1);
  });
});

it("what the ledger does not take at the end is told of, and closing ends", async () => {
  const failures: unknown[] = [];
  const log = new AuditLog({
    store: { appendAudit: () => Promise.reject(new Error("away")) },
    now: () => at(5),
    onFailed: (error) => void failures.push(error),
  });
  log.note(refusal);
  await log.close();
  expect(failures).toHaveLength(1);
});
