import type { AuditEntry, Ledger, SignedAuditHead } from "@countersign/server/ledger/ledger.ts";
import { expect, it } from "vitest";
import { at, delegate, event, sha256 } from "./builders.ts";
import { overEngines } from "./over-engines.ts";
import { auditLog, hashEntry } from "./protection-builders.ts";

const ZERO = new Uint8Array(32);

/** Expects entries without a gap, each with the hash that follows from the one before. */
function expectChain(entries: readonly AuditEntry[], before: { sequence: bigint; hash: Uint8Array }): void {
  let { sequence, hash } = before;
  for (const entry of entries) {
    expect(entry.sequence).toBe(++sequence);
    hash = hashEntry(hash, entry);
    expect(entry.hash).toEqual(hash);
  }
}

function numbered(count: number, tenant: string, from = 0) {
  return Array.from({ length: count }, (_, i) =>
    event({ tenant, at: at(from + i), detail: { number: from + i } }),
  );
}

/** Signs where a chain stands. */
async function sign(ledger: Ledger, tenant: string, ms: number): Promise<SignedAuditHead> {
  const head = { ...(await ledger.auditHead(tenant)), at: at(ms), publicKey: "ed25519:key" };
  const signed = { ...head, signature: Uint8Array.from(Buffer.concat([head.hash, head.hash])) };
  await ledger.putAuditHead(signed);
  return signed;
}

overEngines("the audit log", (on) => {
  it("chains events of each tenant in the order of their times, without a gap", async () => {
    await on.ledger.appendAudit([...numbered(3, "a", 10), ...numbered(2, "b")]);
    await on.ledger.appendAudit([
      ...numbered(2, "a"),
      event({ tenant: "", actor: "admin:root", kind: "x.y" }),
    ]);
    await on.ledger.appendAudit([]);
    expect(await on.ledger.readAudit("a", 1n, 10)).toEqual([]);
    expect(await on.ledger.auditHead("a")).toEqual({ tenant: "a", sequence: 0n, hash: ZERO });

    expect(await on.ledger.chainAudit(hashEntry, 100)).toBe(8);
    expect(await on.ledger.chainAudit(hashEntry, 100)).toBe(0);
    const a = await on.ledger.readAudit("a", 1n, 10);
    expect(a.map(({ detail }) => detail)).toEqual([0, 1, 10, 11, 12].map((n) => `{"number":${n}}`));
    expectChain(a, { sequence: 0n, hash: ZERO });
    expectChain(await on.ledger.readAudit("b", 1n, 10), { sequence: 0n, hash: ZERO });
    expect(await on.ledger.readAudit("", 1n, 10)).toMatchObject([
      { tenant: "", sequence: 1n, kind: "x.y", actor: "admin:root", at: at(0), detail: "{}" },
    ]);
    expect(await on.ledger.auditHead("a")).toEqual({ tenant: "a", sequence: 5n, hash: a[4]?.hash });
  });

  it("chains events of one millisecond in the order in which they were appended", async () => {
    const details = Array.from({ length: 20 }, (_, i) => ({ number: i }));
    for (const detail of details) await on.ledger.appendAudit([event({ detail })]);
    const log = await auditLog(on.ledger, "default");
    expect(log.map((entry) => JSON.parse(entry.detail))).toEqual(details);
  });

  it("chains no more than the limit, the oldest first, and goes on where it stopped", async () => {
    await on.ledger.appendAudit(numbered(5, "a"));
    expect(await on.ledger.chainAudit(hashEntry, 3)).toBe(3);
    expect((await on.ledger.readAudit("a", 1n, 10)).map(({ at }) => at)).toEqual([at(0), at(1), at(2)]);
    expect(await on.ledger.chainAudit(hashEntry, 3)).toBe(2);
    expectChain(await on.ledger.readAudit("a", 1n, 10), { sequence: 0n, hash: ZERO });
  });

  it("puts an event that comes late behind what is chained already", async () => {
    await on.ledger.appendAudit(numbered(2, "a", 10));
    await on.ledger.chainAudit(hashEntry, 10);
    await on.ledger.appendAudit(numbered(1, "a", 5));
    const log = await auditLog(on.ledger, "a");
    expect(log.map(({ at }) => at)).toEqual([at(10), at(11), at(5)]);
    expectChain(log, { sequence: 0n, hash: ZERO });
  });

  it("takes thousands of events in one call, and of many tenants", async () => {
    const events = Array.from({ length: 2_500 }, (_, i) => event({ tenant: `t${i % 1_100}`, detail: { i } }));
    await on.ledger.appendAudit(events);
    expect(await on.ledger.chainAudit(hashEntry, 10_000)).toBe(2_500);
    expectChain(await on.ledger.readAudit("t7", 1n, 10), { sequence: 0n, hash: ZERO });
    expect(await on.ledger.unsignedAuditHeads()).toHaveLength(1_100);
  });

  it("reads pages from any sequence on", async () => {
    await on.ledger.appendAudit(numbered(5, "a"));
    await auditLog(on.ledger, "a");
    const page = await on.ledger.readAudit("a", 2n, 2);
    expect(page.map(({ sequence }) => sequence)).toEqual([2n, 3n]);
    expect(await on.ledger.readAudit("a", 6n, 2)).toEqual([]);
  });

  it("stores nothing of a call in which an event is too large", async () => {
    const large = event({ detail: { text: "x".repeat(8_200) } });
    await expect(on.ledger.appendAudit([event(), large])).rejects.toThrow(RangeError);
    const accept = on.ledger.accept(delegate("a", { audit: large }));
    await expect(accept).rejects.toThrow(RangeError);
    expect(await on.ledger.getSubmission("default", "sub_a")).toBeUndefined();
    expect(await on.ledger.chainAudit(hashEntry, 10)).toBe(0);
  });

  it("chains nothing when a hash cannot be computed", async () => {
    await on.ledger.appendAudit(numbered(2, "a"));
    const failing = () => {
      throw new Error("no hash");
    };
    await expect(on.ledger.chainAudit(failing, 10)).rejects.toThrow("no hash");
    await expect(on.ledger.chainAudit(() => new Uint8Array(31), 10)).rejects.toThrow(RangeError);
    expect(await on.ledger.chainAudit(hashEntry, 10)).toBe(2);
    expectChain(await on.ledger.readAudit("a", 1n, 10), { sequence: 0n, hash: ZERO });
  });

  it("holds the acceptance of what was accepted, and of nothing else", async () => {
    const second = delegate("b", { idempotencyKey: "key-a", bodyHash: sha256("a") });
    await on.ledger.accept(delegate("a"));
    await on.ledger.accept(second);
    await on.ledger.accept({ ...delegate("c"), maxOpen: 1 });
    await on.ledger.accept(
      delegate("d", {
        replayMark: delegate("a").replayMark,
        submission: { ...delegate("d").submission, delegateHash: "hash-a" },
      }),
    );
    const log = await auditLog(on.ledger, "default");
    expect(log.map(({ detail }) => detail)).toEqual(['{"submission":"sub_a"}']);
  });
});

overEngines("signed heads", (on) => {
  it("are wanted for chains that have grown since the last one", async () => {
    expect(await on.ledger.unsignedAuditHeads()).toEqual([]);
    await on.ledger.appendAudit([...numbered(2, "a"), ...numbered(1, "b")]);
    await on.ledger.chainAudit(hashEntry, 10);
    const heads = [await on.ledger.auditHead("a"), await on.ledger.auditHead("b")];
    expect(await on.ledger.unsignedAuditHeads()).toEqual(heads);
    await sign(on.ledger, "a", 50);
    expect(await on.ledger.unsignedAuditHeads()).toEqual([heads[1]]);
    await on.ledger.appendAudit(numbered(1, "a", 2));
    await on.ledger.chainAudit(hashEntry, 10);
    expect(await on.ledger.unsignedAuditHeads()).toMatchObject([
      { tenant: "a", sequence: 3n },
      { tenant: "b" },
    ]);
  });

  it("are read in order, and of two for one sequence the first stays", async () => {
    const heads: SignedAuditHead[] = [];
    for (let i = 0; i < 3; i++) {
      await on.ledger.appendAudit(numbered(2, "a", i * 2));
      await on.ledger.chainAudit(hashEntry, 10);
      heads.push(await sign(on.ledger, "a", 100 + i));
    }
    await sign(on.ledger, "a", 900);
    expect(await on.ledger.readAuditHeads("a", 1n, 100n)).toEqual(heads);
    expect(await on.ledger.readAuditHeads("a", 4n, 4n)).toEqual([heads[1]]);
    expect(await on.ledger.readAuditHeads("b", 1n, 100n)).toEqual([]);
    // An older one that comes late makes nothing unsigned again.
    await on.ledger.putAuditHead(heads[0] as SignedAuditHead);
    expect(await on.ledger.unsignedAuditHeads()).toEqual([]);
  });
});

overEngines("retention", (on) => {
  /** Ten entries of "a" with heads at 4 and 8, signed at 104 and 108; one of "b" with a head, signed at 200. */
  async function logs(): Promise<[SignedAuditHead, SignedAuditHead, SignedAuditHead]> {
    const append = async (count: number, tenant: string, from: number) => {
      await on.ledger.appendAudit(numbered(count, tenant, from));
      await on.ledger.chainAudit(hashEntry, 100);
    };
    await append(4, "a", 0);
    const first = await sign(on.ledger, "a", 104);
    await append(4, "a", 4);
    const second = await sign(on.ledger, "a", 108);
    await append(2, "a", 8);
    await append(1, "b", 0);
    return [first, second, await sign(on.ledger, "b", 200)];
  }

  it("may delete up to the newest head that is old enough", async () => {
    const [first, second, other] = await logs();
    expect(await on.ledger.prunableAudit(at(104))).toEqual([]);
    expect(await on.ledger.prunableAudit(at(105))).toEqual([first]);
    expect(await on.ledger.prunableAudit(at(200))).toEqual([second]);
    expect(await on.ledger.prunableAudit(at(201))).toEqual([second, other]);
  });

  it("leaves a checkpoint from which the rest can be verified", async () => {
    const [, second, other] = await logs();
    expect(await on.ledger.auditCheckpoint("a")).toBeUndefined();
    expect(await on.ledger.pruneAudit(second, 100)).toBe(8);
    expect(await on.ledger.auditCheckpoint("a")).toEqual(second);
    const rest = await on.ledger.readAudit("a", 1n, 100);
    expect(rest).toHaveLength(2);
    expectChain(rest, second);
    expect(await on.ledger.readAuditHeads("a", 1n, 100n)).toEqual([second]);
    expect(await on.ledger.prunableAudit(at(201))).toEqual([other]);
    expect(await on.ledger.auditCheckpoint("b")).toBeUndefined();
    expect(await on.ledger.readAudit("b", 1n, 100)).toHaveLength(1);
    expect(await on.ledger.pruneAudit(second, 100)).toBe(0);
  });

  it("deletes in parts, and what is left of them is read no more", async () => {
    const [, second] = await logs();
    expect(await on.ledger.pruneAudit(second, 3)).toBe(3);
    expect((await on.ledger.readAudit("a", 1n, 100)).map(({ sequence }) => sequence)).toEqual([9n, 10n]);
    expect(await on.ledger.prunableAudit(at(200))).toEqual([second]);
    expect(await on.ledger.pruneAudit(second, 3)).toBe(3);
    expect(await on.ledger.pruneAudit(second, 3)).toBe(2);
    expect(await on.ledger.pruneAudit(second, 3)).toBe(0);
    expect(await on.ledger.readAudit("a", 1n, 100)).toHaveLength(2);
  });

  it("never goes back to an earlier checkpoint, and the chain goes on behind it", async () => {
    const [first, second, other] = await logs();
    await on.ledger.pruneAudit(second, 100);
    await on.ledger.pruneAudit(first, 100);
    expect(await on.ledger.auditCheckpoint("a")).toEqual(second);
    expect(await on.ledger.pruneAudit(other, 100)).toBe(1);
    expect(await on.ledger.readAudit("b", 1n, 100)).toEqual([]);
    await on.ledger.appendAudit([...numbered(2, "a", 20), ...numbered(1, "b", 20)]);
    await on.ledger.chainAudit(hashEntry, 100);
    expectChain(await on.ledger.readAudit("a", 1n, 100), second);
    expectChain(await on.ledger.readAudit("b", 1n, 100), other);
  });
});
