import type { AttemptResult, ClaimedDelivery } from "@countersign/server/ledger/ledger.ts";
import { expect, it } from "vitest";
import { at, claimed, event, failed, heldLane, sha256, succeeded } from "../ledger/builders.ts";
import { overEngines } from "../ledger/over-engines.ts";
import { auditLog } from "../ledger/protection-builders.ts";
import { end, webhook, withWebhooks } from "./support/builders.ts";

const LEASE = 30_000;
const call = (key: string, body = "body") => ({
  method: "CreateWebhook",
  idempotencyKey: key,
  bodyHash: sha256(body),
});

function delivered({ webhookId, submissionId, attempt }: ClaimedDelivery, ms: number): AttemptResult {
  return {
    ...{ webhookId, submissionId, attempt },
    state: "DELIVERED",
    dueAt: null,
    status: 204,
    problem: "",
    at: at(ms),
  };
}

function dead(delivery: ClaimedDelivery, ms: number): AttemptResult {
  return { ...delivered(delivery, ms), state: "DEAD", status: 500, problem: "it answered with status 500" };
}

function again(delivery: ClaimedDelivery, ms: number, dueMs: number): AttemptResult {
  return { ...dead(delivery, ms), state: "PENDING", dueAt: at(dueMs) };
}

overEngines("webhooks in the ledger", (on) => {
  const claim = (ms: number, limit = 10, ...ids: string[]) =>
    on.ledger.claimDeliveries(
      ids.map((webhookId) => ({ webhookId, limit })),
      at(ms),
      at(ms + LEASE),
    );
  const list = async (webhookId: string, state: "PENDING" | "DELIVERED" | "DEAD") =>
    (await on.ledger.listDeliveries({ webhookId, state, limit: 100 })).map(
      ({ submissionId }) => submissionId,
    );

  it("an end is noted once for each webhook of its tenant that is told of such ends", async () => {
    await withWebhooks(
      on.ledger,
      webhook("all"),
      webhook("bad", { states: ["FAILED", "EXPIRED"] }),
      webhook("paused", { paused: true }),
      webhook("foreign", { tenant: "other" }),
    );
    await end(on.ledger, ["a"]);
    await end(on.ledger, ["b"], (id) => failed(id, "EXPIRED"));
    await end(on.ledger, ["c"], (id) => failed(id, "REJECTED"));
    expect((await list("all", "PENDING")).sort()).toEqual(["sub_a", "sub_b", "sub_c"]);
    expect(await list("bad", "PENDING")).toEqual(["sub_b"]);
    expect((await list("paused", "PENDING")).length).toBe(3);
    expect(await list("foreign", "PENDING")).toEqual([]);
    expect((await on.ledger.dueWebhooks(at(2_000))).sort()).toEqual(["all", "bad"]);
    expect(await on.ledger.dueWebhooks(at(1_999))).toEqual([]);
  });

  it("an end that is recorded again, or is refused, notes nothing", async () => {
    await withWebhooks(on.ledger, webhook("w"));
    const lane = await heldLane(on.ledger);
    await claimed(on.ledger, lane, "a", "b");
    const rejected = failed("sub_a", "REJECTED");
    await on.ledger.recordTerminal(lane, [rejected]);
    const [first] = await claim(2_000, 10, "w");
    if (first === undefined) expect.fail("nothing was noted");
    await on.ledger.recordAttempts([delivered(first, 2_100)]);
    await on.ledger.recordTerminal(lane, [rejected]);
    // The second one cannot end so: neither its end nor anything of it is written.
    await expect(
      on.ledger.recordTerminal(lane, [failed("sub_b", "REJECTED"), succeeded("sub_a")]),
    ).rejects.toThrow();
    expect(await claim(3_000, 10, "w")).toEqual([]);
    expect(await list("w", "DELIVERED")).toEqual(["sub_a"]);
  });

  it("tenants that are said to have no webhooks are not looked up", async () => {
    await withWebhooks(on.ledger, webhook("w"));
    on.ledger.setWebhookTenants(() => false);
    await end(on.ledger, ["a"]);
    on.ledger.setWebhookTenants((tenant) => tenant === "default");
    await end(on.ledger, ["b"]);
    expect(await list("w", "PENDING")).toEqual(["sub_b"]);
  });

  it("what is claimed is nobody else's until the lease ends, and a late result of its claimer changes nothing", async () => {
    await withWebhooks(on.ledger, webhook("w"), webhook("v"));
    await end(on.ledger, ["a", "b"]);
    const first = await claim(2_000, 1, "w", "v");
    expect(first.map(({ webhookId, attempt }) => [webhookId, attempt])).toEqual([
      ["w", 1],
      ["v", 1],
    ]);
    const [a, b] = await claim(2_001, 10, "w").then((others) => [first[0], others[0]]);
    if (a === undefined || b === undefined) expect.fail("not all were claimed");
    expect([a.submissionId, b.submissionId].sort()).toEqual(["sub_a", "sub_b"]);
    expect(await claim(2_000 + LEASE - 1, 10, "w")).toEqual([]);
    const [taken] = await claim(2_000 + LEASE, 10, "w");
    expect(taken).toMatchObject({ submissionId: a.submissionId, attempt: 2 });
    await on.ledger.recordAttempts([dead(a, 40_000), again(b, 40_000, 50_000)]);
    expect(await list("w", "DEAD")).toEqual([]);
    expect(await claim(49_999, 10, "w")).toEqual([]);
    expect(await claim(50_000, 10, "w")).toMatchObject([{ submissionId: b.submissionId, attempt: 2 }]);
  });

  it("an attempt that was broken off does not count", async () => {
    await withWebhooks(on.ledger, webhook("w"));
    await end(on.ledger, ["a"]);
    const [first] = await claim(2_000, 10, "w");
    if (first === undefined) expect.fail("nothing was noted");
    await on.ledger.recordAttempts([{ ...again(first, 2_100, 2_100), abandoned: true }]);
    expect(await claim(2_100, 10, "w")).toMatchObject([{ attempt: 1 }]);
  });

  it("dead deliveries are listed in pages and redriven, some or all", async () => {
    await withWebhooks(on.ledger, webhook("w"));
    const names = ["a", "b", "c", "d", "e"];
    await end(on.ledger, names);
    const first = await claim(2_000, 10, "w");
    await on.ledger.recordAttempts(first.map((one) => dead(one, 2_100)));
    expect(await on.ledger.deliveryStats()).toEqual({ pending: 0, dead: 5, oldestPendingAt: null });

    const query = { webhookId: "w", state: "DEAD", limit: 2 } as const;
    const pages: string[][] = [];
    for (let before: { createdAt: Date; submissionId: string } | undefined; ; ) {
      const page = await on.ledger.listDeliveries({ ...query, before });
      if (page.length === 0) break;
      pages.push(page.map(({ submissionId }) => submissionId));
      before = page.at(-1);
    }
    expect(pages).toEqual([["sub_e", "sub_d"], ["sub_c", "sub_b"], ["sub_a"]]);
    const [shown] = await on.ledger.listDeliveries(query);
    expect(shown).toEqual({
      webhookId: "w",
      submissionId: "sub_e",
      state: "DEAD",
      attempts: 1,
      createdAt: at(2_000),
      dueAt: null,
      endedAt: at(2_100),
      lastAttemptAt: at(2_000),
      lastStatus: 500,
      lastProblem: "it answered with status 500",
    });

    const audit = (count: number) =>
      event({ kind: "webhook.redriven", detail: { deliveries: String(count) } });
    const redrive = (ids: string[] | undefined, limit: number, ms = 3_000) =>
      on.ledger.redriveDeliveries("w", ids, limit, at(ms), audit);
    expect(await redrive(["sub_a", "sub_nothing"], 10)).toBe(1);
    expect(await redrive(["sub_a"], 10)).toBe(0);
    expect(await redrive(undefined, 10, 2_099)).toBe(0);
    expect(await redrive(undefined, 3)).toBe(3);
    expect(await redrive(undefined, 3)).toBe(1);
    expect(await on.ledger.deliveryStats()).toEqual({ pending: 5, dead: 0, oldestPendingAt: at(2_000) });
    expect((await claim(3_000, 10, "w")).map(({ attempt }) => attempt)).toEqual([1, 1, 1, 1, 1]);
    const kinds = (await auditLog(on.ledger, "default")).filter(({ kind }) => kind === "webhook.redriven");
    expect(kinds.map(({ detail }) => detail)).toEqual(
      ["1", "3", "1"].map((deliveries) => JSON.stringify({ deliveries })),
    );
  });

  it("deliveries are pruned once they have ended for long, and all of a webhook that was deleted", async () => {
    await withWebhooks(on.ledger, webhook("w"), webhook("gone"));
    await end(on.ledger, ["a", "b", "c"]);
    const [a, b] = await claim(2_000, 2, "w");
    if (a === undefined || b === undefined) expect.fail("nothing was noted");
    await on.ledger.recordAttempts([delivered(a, 3_000), dead(b, 3_000)]);
    const before = (delivered: number, dead: number, deleted: number) => ({
      delivered: at(delivered),
      dead: at(dead),
      deleted: at(deleted),
    });
    expect(await on.ledger.pruneDeliveries(before(3_000, 3_000, 3_000))).toBe(0);
    expect(await on.ledger.pruneDeliveries(before(3_001, 3_000, 3_000))).toBe(1);
    expect(await list("w", "DELIVERED")).toEqual([]);
    expect(await list("w", "DEAD")).toEqual([b.submissionId]);
    expect(await on.ledger.pruneDeliveries(before(3_001, 3_001, 3_000))).toBe(1);
    expect(await list("w", "DEAD")).toEqual([]);
    expect((await list("w", "PENDING")).length).toBe(1);

    await on.ledger.deleteWebhook("default", "gone", at(4_000), event());
    expect(await on.ledger.dueWebhooks(at(9_000))).toEqual(["w"]);
    expect((await list("gone", "PENDING")).length).toBe(3);
    expect(await on.ledger.pruneDeliveries(before(0, 0, 4_000))).toBe(0);
    expect(await on.ledger.pruneDeliveries(before(0, 0, 4_001))).toBe(3);
    expect(await list("gone", "PENDING")).toEqual([]);
    expect(await on.ledger.pruneDeliveries(before(0, 0, 4_001))).toBe(1);
    expect(await on.ledger.pruneDeliveries(before(0, 0, 4_001))).toBe(0);
  });

  it("a webhook is made once for an idempotency key, and only so many for a tenant", async () => {
    await withWebhooks(on.ledger);
    const w = webhook("w", { states: ["FAILED"], description: "for ops" });
    const revision = await on.ledger.revision();
    expect(await on.ledger.createWebhook(w, 2, call("k"), event())).toEqual({
      outcome: "created",
      webhook: w,
    });
    expect(await on.ledger.revision()).toBe(revision + 1n);
    expect(await on.ledger.createWebhook(webhook("x"), 2, call("k"), event())).toEqual({
      outcome: "repeated",
      webhook: w,
    });
    const create = async (id: string, key: string | null, body = "body", tenant = "default") => {
      const made = webhook(id, { tenant });
      const repeat = key === null ? null : call(key, body);
      return (await on.ledger.createWebhook(made, 2, repeat, event())).outcome;
    };
    expect(await create("x", "k", "other body")).toBe("key-reused");
    expect(await create("x", null, "", "nobody")).toBe("tenant-not-found");
    expect(await create("x", null)).toBe("created");
    expect(await create("y", null)).toBe("limit-reached");
    await on.ledger.deleteWebhook("default", "w", at(1), event());
    expect(await create("z", "k")).toBe("gone");
    expect(await create("y", null)).toBe("created");
    expect((await on.ledger.listWebhooks("default")).map(({ id }) => id)).toEqual(["x", "y"]);
    expect((await on.ledger.snapshot()).webhooks.map(({ id }) => id)).toEqual(["x", "y"]);
  });

  it("a change is recorded when it changes something, and is the tenant's alone", async () => {
    await withWebhooks(on.ledger, webhook("w"));
    const update = (change: Parameters<typeof on.ledger.updateWebhook>[2], tenant = "default") =>
      on.ledger.updateWebhook(tenant, "w", change, event({ kind: "webhook.updated" }));
    const changed = { url: "https://other.example/", paused: true, states: ["EXPIRED"] as const };
    const revision = await on.ledger.revision();
    expect(await update(changed)).toMatchObject(changed);
    expect(await update(changed)).toMatchObject(changed);
    expect(await on.ledger.revision()).toBe(revision + 1n);
    expect(await update({ paused: false })).toMatchObject({ ...changed, paused: false });
    expect(await update({ paused: true }, "other")).toBeUndefined();
    expect(await on.ledger.deleteWebhook("other", "w", at(1), event())).toBeUndefined();
    expect(await on.ledger.deleteWebhook("default", "w", at(1), event())).toMatchObject({ id: "w" });
    expect(await on.ledger.deleteWebhook("default", "w", at(1), event())).toBeUndefined();
    expect(await update({ paused: true })).toBeUndefined();
  });

  it("a new secret stands before the others, which end with the overlap or earlier", async () => {
    await withWebhooks(on.ledger, webhook("w"));
    const secret = (n: number) => ({
      sealed: Uint8Array.from(Buffer.from(`sealed ${n}`)),
      createdAt: at(n),
      expiresAt: null,
    });
    const rotate = (n: number, othersEnd: number, key = `k${n}`, limit = 2) =>
      on.ledger.rotateWebhookSecret(
        "default",
        "w",
        secret(n),
        at(othersEnd),
        limit,
        { ...call(key), method: "RotateWebhookSecret" },
        event(),
      );
    const secretsOf = async () =>
      (await on.ledger.listWebhooks("default"))[0]?.secrets.map(({ sealed, expiresAt }) => [
        Buffer.from(sealed).toString(),
        expiresAt,
      ]);
    expect(await rotate(1, 100)).toMatchObject({ outcome: "rotated" });
    expect(await rotate(1, 100)).toMatchObject({ outcome: "repeated" });
    expect(await rotate(2, 500)).toMatchObject({ outcome: "rotated" });
    expect(await secretsOf()).toEqual([
      ["sealed 2", null],
      ["sealed 1", at(500)],
      ["sealed w", at(100)],
    ]);
    expect(await rotate(3, 500)).toEqual({ outcome: "full" });
    expect(await rotate(101, 600, "later")).toMatchObject({ outcome: "rotated" });
    expect(await secretsOf()).toEqual([
      ["sealed 101", null],
      ["sealed 2", at(600)],
      ["sealed 1", at(500)],
    ]);
    const [before] = await on.ledger.listWebhooks("default");
    if (before === undefined) expect.fail("no webhook");
    await on.ledger.resealWebhook(before, [secret(7)]);
    await on.ledger.resealWebhook(before, [secret(8)]);
    expect(await secretsOf()).toEqual([["sealed 7", null]]);
  });
});
