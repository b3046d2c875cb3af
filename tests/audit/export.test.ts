import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { hashEntry } from "@countersign/server/audit/entry-hash.ts";
import type { AuditEvent, AuditStore, Ledger } from "@countersign/server/ledger/ledger.ts";
import fc from "fast-check";
import { expect, it } from "vitest";
import { at, event } from "../ledger/builders.ts";
import { overEngines } from "../ledger/over-engines.ts";
import { exported, FORGER, fill, keeperOf, storeWith, verified } from "./support/exports.ts";

const numbered = (count: number, from = 0, tenant = "acme"): AuditEvent[] =>
  Array.from({ length: count }, (_, i) => event({ tenant, at: at(from + i), detail: { number: from + i } }));

/** Deletes what was signed before a time, as retention does. */
async function prune(ledger: Ledger, before: Date): Promise<void> {
  const keeper = keeperOf(ledger, { retentionDays: 1, now: () => new Date(before.getTime() + 86_400_000) });
  await keeper.prune();
}

/** The ledger, with something else happening right before the first read of entries, or of heads. */
function interrupted(
  store: Ledger,
  name: "readAudit" | "readAuditHeads",
  happen: () => Promise<void>,
): AuditStore {
  let happened = false;
  const once = async () => {
    if (happened) return;
    happened = true;
    await happen();
  };
  const calls: Pick<AuditStore, typeof name> = {
    readAudit: async (...args) => {
      await once();
      return store.readAudit(...args);
    },
    readAuditHeads: async (...args) => {
      await once();
      return store.readAuditHeads(...args);
    },
  };
  return storeWith(store, { [name]: calls[name] });
}

overEngines("an export", (on) => {
  it("verifies from any sequence on, and is empty beyond the last entry", async () => {
    await fill(on.ledger, numbered(6), 2);
    for (const from of [0n, 1n, 2n, 5n, 6n]) {
      const first = from === 0n ? 1n : from;
      const found = await verified(await exported(on.ledger, "acme", { from }));
      expect(found).toMatchObject({ ok: true, first, last: 6n, entries: 7n - first });
    }
    for (const from of [7n, 8n, 2n ** 63n - 1n]) {
      const lines = await exported(on.ledger, "acme", { from });
      expect(lines[0]).toContain('"sequence":"6"');
      expect(await verified(lines)).toMatchObject({ ok: true, first: 0n, last: 0n, entries: 0n });
    }
    expect(await verified(await exported(on.ledger, "nobody"))).toMatchObject({ ok: true, entries: 0n });
  });

  it("goes on where the one before ended", async () => {
    await fill(on.ledger, numbered(3), 3);
    const earlier = await exported(on.ledger, "acme");
    await on.ledger.appendAudit(numbered(2, 3));
    const later = await exported(on.ledger, "acme", { from: 4n });
    const { sequence, hash } = JSON.parse(earlier.at(-1) ?? "");
    expect(JSON.parse(later[0] ?? "")).toMatchObject({ sequence, hash });
  });

  it("verifies over several pages", async () => {
    await fill(on.ledger, numbered(1_203), 401);
    const found = await verified(await exported(on.ledger, "acme"));
    expect(found).toMatchObject({ ok: true, entries: 1_203n, signedHeads: 3 });
  });

  it("verifies after retention, from the checkpoint on, whatever sequence was asked for", async () => {
    await fill(on.ledger, numbered(10), 4);
    await prune(on.ledger, at(1_000));
    for (const from of [0n, 3n, 8n, 9n]) {
      const found = await verified(await exported(on.ledger, "acme", { from }));
      expect(found).toMatchObject({ ok: true, first: 9n, last: 10n, signedHeads: 0 });
    }
    await keeperOf(on.ledger, { now: () => at(20) }).signHeads();
    await prune(on.ledger, at(1_000));
    expect(await verified(await exported(on.ledger, "acme"))).toMatchObject({ ok: true, entries: 0n });
    await on.ledger.appendAudit(numbered(1, 10));
    expect(await verified(await exported(on.ledger, "acme"))).toMatchObject({
      ok: true,
      first: 11n,
      last: 11n,
    });
  });

  it("leaves out heads of a key that the relay had earlier", async () => {
    await fill(on.ledger, numbered(4), 2);
    const found = await verified(await exported(on.ledger, "acme", { key: FORGER }), FORGER.publicKey);
    expect(found).toMatchObject({ ok: true, entries: 4n, signedHeads: 0 });
  });

  it("ends where the chain stood at its beginning, while entries are appended", async () => {
    await fill(on.ledger, numbered(4), 2);
    const grow = async () => {
      await on.ledger.appendAudit(numbered(3, 4));
      await keeperOf(on.ledger).chainNow();
      await keeperOf(on.ledger).signHeads();
    };
    for (const from of [0n, 3n]) {
      const before = await on.ledger.auditHead("acme");
      const lines = await exported(interrupted(on.ledger, "readAudit", grow), "acme", { from });
      expect(await verified(lines)).toMatchObject({ ok: true, last: before.sequence });
    }
    const lines = await exported(interrupted(on.ledger, "readAuditHeads", grow), "acme");
    expect(await verified(lines)).toMatchObject({ ok: true, last: 10n });
  });

  it("fails, and leaves nothing that verifies, when its entries are deleted under it", async () => {
    const shortened = expect.objectContaining({
      reason: ErrorReason.LEDGER_UNAVAILABLE,
      message: "the audit log was shortened during its export; export again",
      retryAfterMs: 1_000,
    });
    await fill(on.ledger, numbered(6), 4);
    const deleting = () => prune(on.ledger, at(1_000));
    await expect(exported(interrupted(on.ledger, "readAudit", deleting), "acme")).rejects.toEqual(shortened);
    await fill(on.ledger, numbered(6, 6), 6);
    await expect(
      exported(interrupted(on.ledger, "readAudit", deleting), "acme", { from: 8n }),
    ).rejects.toEqual(shortened);
  });

  it("verifies whatever the events say, and not with any of them changed in the ledger", async () => {
    const text = fc
      .string({ unit: "binary", maxLength: 40 })
      .map((s) => s.toWellFormed().replaceAll("\0", ""));
    const events = fc.array(
      fc.record({
        kind: text,
        actor: text,
        at: fc.integer({ min: 0, max: 4_000_000_000_000 }).map((ms) => new Date(ms)),
        detail: fc.dictionary(
          text,
          fc.oneof(text, fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true })),
        ),
      }),
      { minLength: 1, maxLength: 8 },
    );
    let run = 0;
    const keeper = { chainNow: async () => void (await on.ledger.chainAudit(hashEntry, 100)) };
    await fc.assert(
      fc.asyncProperty(events, fc.nat(), async (some, pick) => {
        const tenant = `t${run++}`;
        await on.ledger.appendAudit(some.map((one) => ({ ...one, tenant })));
        const lines = await exported(on.ledger, tenant, { keeper });
        expect(await verified(lines)).toMatchObject({ ok: true, entries: BigInt(some.length) });
        const sequence = (pick % some.length) + 1;
        await on.home.execute(
          `update audit_events set actor = actor || '.' where tenant = '${tenant}' and sequence = ${sequence}`,
        );
        const altered = await verified(await exported(on.ledger, tenant, { keeper }));
        expect(altered).toMatchObject({ ok: false, line: sequence + 1, sequence: BigInt(sequence) });
      }),
      { numRuns: 40 },
    );
  });

  it("shows a log that was rewritten in the ledger, while a head of before is there", async () => {
    await fill(on.ledger, numbered(4), 4);
    await on.home.execute("update audit_events set sequence = null, hash = null, actor = 'nobody'");
    await on.home.execute("update audit_chains set sequence = 0");
    await on.home.execute(`update audit_chains set hash = '${"0".repeat(64)}'`);
    const found = await verified(await exported(on.ledger, "acme"));
    expect(found).toMatchObject({
      ok: false,
      line: 6,
      sequence: 4n,
      problem: expect.stringContaining("head"),
    });
  });
});
