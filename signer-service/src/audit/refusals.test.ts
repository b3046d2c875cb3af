import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { DatedEvent } from "./append-audit.ts";
import type { Refusal } from "./audit.ts";
import { Refusals } from "./refusals.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const refusal: Refusal = {
  peer: "relay",
  keyId: "relayer-1",
  reason: "SIGNER_NONCE_CONFLICT",
  message: "nonce 7 belongs to another transaction",
  requestId: "request-1",
  payloadHash: "ab",
  tenant: "acme",
  submissionId: "",
};

function start() {
  const written: DatedEvent[] = [];
  const state = { fails: false, failures: 0 };
  const refusals = new Refusals({
    now: () => new Date(0),
    write: async (events) => {
      if (state.fails) throw new Error("away");
      written.push(...events);
    },
    onFailed: () => {
      state.failures += 1;
    },
  });
  return { refusals, written, state };
}

const total = (events: readonly DatedEvent[]) => events.reduce((sum, e) => sum + Number(e.detail.count), 0);

describe("refusals", () => {
  it("that are alike become one entry with their number and the first of them", async () => {
    const { refusals, written } = start();
    for (let i = 1; i <= 1000; i++)
      refusals.add({ ...refusal, message: `message ${i}`, payloadHash: `${i}` });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(written).toEqual([
      {
        at: new Date(0),
        kind: "refused",
        actor: "relay",
        keyId: "relayer-1",
        detail: {
          reason: "SIGNER_NONCE_CONFLICT",
          count: "1000",
          message: "message 1",
          request_id: "request-1",
          payload_hash: "1",
          tenant: "acme",
        },
      },
    ]);
  });

  it("of another peer, key or reason stand apart", async () => {
    const { refusals, written } = start();
    for (const change of [{}, { peer: "x" }, { keyId: "x" }, { reason: "x" }])
      refusals.add({ ...refusal, ...change });
    await refusals.close();
    expect(written).toHaveLength(4);
  });

  it("are written as a bounded number of entries whatever comes, and all counted", async () => {
    const { refusals, written } = start();
    for (let i = 0; i < 10_000; i++) refusals.add({ ...refusal, peer: `peer ${i}` });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(written).toHaveLength(65);
    expect(total(written)).toBe(10_000);
    expect(written.at(-1)).toMatchObject({ actor: "others", detail: { count: "9936" } });
  });

  it("keep their reasons where there are too many to stand apart", async () => {
    const { refusals, written } = start();
    for (let i = 0; i < 100; i++) refusals.add({ ...refusal, keyId: `key ${i}` });
    refusals.add({ ...refusal, reason: "SIGNER_POLICY_DENIED" });
    await refusals.close();
    expect(written.slice(64)).toMatchObject([
      { actor: "others", detail: { reason: "SIGNER_NONCE_CONFLICT", count: "36" } },
      { actor: "others", detail: { reason: "SIGNER_POLICY_DENIED", count: "1" } },
    ]);
  });

  it("are counted while the store is away, and written when it is back", async () => {
    const { refusals, written, state } = start();
    state.fails = true;
    for (let second = 0; second < 5; second++) {
      refusals.add(refusal);
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect(state.failures).toBe(5);
    state.fails = false;
    await refusals.close();
    expect(total(written)).toBe(5);
  });

  it("that come after the close are ignored, and those before it are not", async () => {
    const { refusals, written } = start();
    refusals.add(refusal);
    await refusals.close();
    refusals.add(refusal);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(total(written)).toBe(1);
  });
});
