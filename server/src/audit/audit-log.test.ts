import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { AuditEvent } from "../ledger/audit-types.ts";
import { AuditLog } from "./audit-log.ts";
import { boundedEvent } from "./bounded-event.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const refusal = {
  tenant: "acme",
  kind: "auth.refused" as const,
  actor: "key:1",
  reason: "SCOPE_MISSING",
  method: "x",
  address: "192.0.2.1",
};
const stranger = { ...refusal, tenant: "", actor: "anonymous", reason: "CREDENTIALS_INVALID" };

function startLog() {
  const written: AuditEvent[] = [];
  const state = { fails: false, failures: 0 };
  const log = new AuditLog({
    store: {
      appendAudit: async (events) => {
        if (state.fails) throw new Error("away");
        written.push(...events);
      },
    },
    now: () => new Date(0),
    onFailed: () => {
      state.failures += 1;
    },
  });
  return { log, written, state };
}

const total = (events: readonly AuditEvent[]) =>
  events.reduce((sum, { detail }) => sum + Number(detail.count), 0);

describe("the audit log", () => {
  it("writes refusals that are alike as one event with their count", async () => {
    const { log, written } = startLog();
    for (let i = 0; i < 1000; i++) log.note(refusal);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(written).toHaveLength(1);
    expect(written[0]).toMatchObject({
      kind: "auth.refused",
      detail: { reason: "SCOPE_MISSING", count: 1000 },
    });
  });

  it("writes a bounded number of events whatever callers send, and counts them all", async () => {
    const { log, written } = startLog();
    for (let i = 0; i < 10_000; i++) log.note({ ...refusal, tenant: `t${i % 500}`, address: `address ${i}` });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(written.length).toBeLessThanOrEqual(256 + 64 + 3);
    expect(total(written)).toBe(10_000);
  });

  it("writes refusals of strangers once a minute, those of one IPv6 network as one event", async () => {
    const { log, written } = startLog();
    for (let second = 0; second < 59; second++) {
      log.note({ ...stranger, address: `2001:db8:1:2::${second}` });
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect(written).toEqual([]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(written).toHaveLength(1);
    expect(written[0]).toMatchObject({
      tenant: "",
      actor: "anonymous",
      detail: { reason: "CREDENTIALS_INVALID", address: "2001:db8:1:2::/64", count: 59 },
    });
  });

  it("keeps the room of proven callers from strangers", async () => {
    const { log, written } = startLog();
    for (let i = 0; i < 5_000; i++) log.note({ ...stranger, address: `198.51.${i >> 8}.${i % 256}` });
    for (let i = 0; i < 256; i++) log.note({ ...refusal, actor: `key:${i}` });
    log.note({ ...stranger, actor: "admin:viewer", reason: "SCOPE_MISSING" });
    await vi.advanceTimersByTimeAsync(1_000);
    const actors = new Set(written.map(({ actor }) => actor));
    expect(actors.has("key:255")).toBe(true);
    expect([...actors].filter((actor) => actor.startsWith("key:"))).toHaveLength(256);
    expect(actors.has("anonymous")).toBe(false);
  });

  it("writes about a row a second under a flood of strangers, and counts them all", async () => {
    const { log, written } = startLog();
    const kinds = ["auth.refused", "rate.limited", "call.denied"] as const;
    const minutes = 3;
    for (let i = 0; i < minutes * 60 * 100; i++) {
      const kind = kinds[i % 3] ?? "auth.refused";
      log.note({ ...stranger, kind, method: `m${i % 7}`, address: `2001:db8:${i.toString(16)}::1` });
      if (i % 100 === 99) await vi.advanceTimersByTimeAsync(1_000);
    }
    await log.close();
    expect(written.length).toBeLessThanOrEqual(minutes * (64 + 8));
    expect(total(written)).toBe(minutes * 60 * 100);
  });

  it("writes what both strangers and proven callers caused when it is closed", async () => {
    const { log, written } = startLog();
    log.note(stranger);
    log.note(refusal);
    await log.close();
    log.note(stranger);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(written.map(({ actor }) => actor).toSorted()).toEqual(["anonymous", "key:1"]);
  });

  it("goes on counting while the ledger is away, and writes everything when it is back", async () => {
    const { log, written, state } = startLog();
    state.fails = true;
    for (let second = 0; second < 5; second++) {
      log.note(refusal);
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect(state.failures).toBeGreaterThan(1);
    state.fails = false;
    await log.close();
    expect(total(written)).toBe(5);
  });
});

it("bounds what it stores: length, NUL, lone surrogates, size", () => {
  const detail = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`f${i}`, "é".repeat(1000)]));
  const actor = `\0\ud800${"a".repeat(1000)}`;
  const event = boundedEvent({ tenant: "t", kind: "k", actor, at: new Date(0), detail });
  expect(event.actor).toBe(`\uFFFD\uFFFD${"a".repeat(254)}`);
  expect(event.detail.f0).toBe("é".repeat(256));
  expect(Buffer.byteLength(JSON.stringify(event.detail))).toBeLessThanOrEqual(8192);
  expect(event.detail.omitted).toBe(100 - (Object.keys(event.detail).length - 1));
});
