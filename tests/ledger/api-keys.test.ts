import { expect, it } from "vitest";
import { at, event } from "./builders.ts";
import { overEngines } from "./over-engines.ts";
import { apiKey, audit, auditLog, call, tenants } from "./protection-builders.ts";

overEngines("API keys", (on) => {
  it("are stored as they are", async () => {
    await tenants(on.ledger, "shop", "other");
    const full = apiKey("a", { expiresAt: at(50), lastUsedAt: at(1), revokedAt: at(9), rotatedFrom: "z" });
    expect(await on.ledger.createApiKey(full, null, audit)).toEqual({ outcome: "created", key: full });
    await on.ledger.createApiKey(apiKey("b", { createdAt: at(1) }), null, audit);
    await on.ledger.createApiKey(apiKey("c", { tenant: "other" }), null, audit);
    expect(await on.ledger.listApiKeys("shop")).toEqual([full, apiKey("b", { createdAt: at(1) })]);
    expect((await on.ledger.snapshot()).keys).toHaveLength(3);
    expect(await auditLog(on.ledger, "")).toHaveLength(5);
  });

  it("belong to a tenant that there is", async () => {
    expect(await on.ledger.createApiKey(apiKey("a"), call("1"), audit)).toEqual({
      outcome: "tenant-not-found",
    });
    await tenants(on.ledger, "shop");
    expect(await on.ledger.createApiKey(apiKey("a"), call("1"), audit)).toMatchObject({ outcome: "created" });
  });

  it("are made once by a call and its repetitions, and another call with its key is refused", async () => {
    await tenants(on.ledger, "shop");
    await on.ledger.createApiKey(apiKey("a"), call("1"), audit);
    const revision = await on.ledger.revision();
    expect(await on.ledger.createApiKey(apiKey("b"), call("1"), audit)).toEqual({
      outcome: "repeated",
      key: apiKey("a"),
    });
    expect(await on.ledger.createApiKey(apiKey("b"), call("1", "other"), audit)).toEqual({
      outcome: "key-reused",
    });
    expect(await on.ledger.revision()).toBe(revision);
    expect(await on.ledger.createApiKey(apiKey("b"), call("2"), audit)).toMatchObject({ outcome: "created" });
    expect(await on.ledger.createApiKey(apiKey("c"), call("1", "body", "Other"), audit)).toMatchObject({
      outcome: "created",
    });
    expect(await on.ledger.listApiKeys("shop")).toHaveLength(3);
  });

  it("are made once by twenty equal calls at the same time", async () => {
    await tenants(on.ledger, "shop");
    const calls = Array.from({ length: 20 }, (_, i) =>
      on.ledger.createApiKey(apiKey(`k${i}`), call("1"), audit),
    );
    const results = await Promise.all(calls);
    expect(results.filter(({ outcome }) => outcome === "created")).toHaveLength(1);
    expect(results.filter(({ outcome }) => outcome === "repeated")).toHaveLength(19);
    expect(await on.ledger.listApiKeys("shop")).toHaveLength(1);
  });

  it("are rotated: the successor starts, and the old one ends when it is told to", async () => {
    await tenants(on.ledger, "shop");
    await on.ledger.createApiKey(apiKey("old"), null, audit);
    const successor = apiKey("new", { createdAt: at(10), rotatedFrom: "old" });
    const rotated = {
      key: successor,
      oldKey: apiKey("old", { expiresAt: at(100) }),
    };
    expect(await on.ledger.rotateApiKey("old", at(100), successor, call("1"), () => audit)).toEqual({
      outcome: "created",
      ...rotated,
    });
    expect(await on.ledger.listApiKeys("shop")).toEqual([rotated.oldKey, rotated.key]);
    const again = apiKey("newer", { createdAt: at(11) });
    expect(await on.ledger.rotateApiKey("old", at(200), again, call("1"), () => audit)).toEqual({
      outcome: "repeated",
      ...rotated,
    });
    expect(await on.ledger.rotateApiKey("old", at(200), again, call("1", "other"), () => audit)).toEqual({
      outcome: "key-reused",
    });
    expect(await on.ledger.listApiKeys("shop")).toHaveLength(2);
  });

  it("end no later by a rotation than they would have", async () => {
    await tenants(on.ledger, "shop");
    await on.ledger.createApiKey(apiKey("old", { expiresAt: at(50) }), null, audit);
    const successor = apiKey("new", { createdAt: at(10) });
    expect(await on.ledger.rotateApiKey("old", at(100), successor, null, () => audit)).toMatchObject({
      oldKey: { expiresAt: at(50) },
      key: { rotatedFrom: "old" },
    });
  });

  it("have one successor at a time: another one only when the first was revoked or has expired", async () => {
    await tenants(on.ledger, "shop");
    await on.ledger.createApiKey(apiKey("old"), null, audit);
    const rotate = async (id: string, ms: number, ends: number | null = null) => {
      const successor = apiKey(id, { createdAt: at(ms), expiresAt: ends === null ? null : at(ends) });
      return (await on.ledger.rotateApiKey("old", at(1_000), successor, call(id), () => audit)).outcome;
    };
    expect(await rotate("first", 10)).toBe("created");
    const revision = await on.ledger.revision();
    expect(await rotate("second", 11)).toBe("not-active");
    expect(await rotate("first", 12)).toBe("repeated");
    expect(await on.ledger.revision()).toBe(revision);
    await on.ledger.revokeApiKey("shop", "first", at(20), audit);
    expect(await rotate("second", 21, 50)).toBe("created");
    expect(await rotate("third", 49)).toBe("not-active");
    expect(await rotate("third", 50)).toBe("created");
  });

  it("are rotated once by twenty different calls at the same time", async () => {
    await tenants(on.ledger, "shop");
    await on.ledger.createApiKey(apiKey("old"), null, audit);
    const calls = Array.from({ length: 20 }, (_, i) =>
      on.ledger.rotateApiKey("old", at(100), apiKey(`k${i}`), call(`${i}`), () => audit),
    );
    const outcomes = (await Promise.all(calls)).map(({ outcome }) => outcome);
    expect(outcomes.filter((outcome) => outcome === "created")).toHaveLength(1);
    expect(await on.ledger.listApiKeys("shop")).toHaveLength(2);
  });

  it("are recorded as rotated with the time at which the old one really ends", async () => {
    await tenants(on.ledger, "shop");
    await on.ledger.createApiKey(apiKey("old", { expiresAt: at(50) }), null, audit);
    const ended = (end: Date) => event({ kind: "key.rotated", detail: { end: end.toISOString() } });
    await on.ledger.rotateApiKey("old", at(100), apiKey("new"), null, ended);
    await on.ledger.rotateApiKey("new", at(100), apiKey("newer"), null, ended);
    const recorded = await auditLog(on.ledger, "default");
    expect(recorded.map(({ detail }) => JSON.parse(detail))).toEqual([
      { end: at(50).toISOString() },
      { end: at(100).toISOString() },
    ]);
  });

  it("are not rotated when they are unknown, another tenant's, revoked or expired", async () => {
    await tenants(on.ledger, "shop", "other");
    await on.ledger.createApiKey(apiKey("other", { tenant: "other" }), null, audit);
    await on.ledger.createApiKey(apiKey("revoked"), null, audit);
    await on.ledger.revokeApiKey("shop", "revoked", at(1), audit);
    await on.ledger.createApiKey(apiKey("expired", { expiresAt: at(10) }), null, audit);
    const successor = apiKey("new", { createdAt: at(10) });
    const rotate = async (id: string) =>
      (await on.ledger.rotateApiKey(id, at(100), successor, call(id), () => audit)).outcome;
    const revision = await on.ledger.revision();
    expect(await rotate("nobody")).toBe("not-found");
    expect(await rotate("other")).toBe("not-found");
    expect(await rotate("revoked")).toBe("not-active");
    expect(await rotate("expired")).toBe("not-active");
    expect(await on.ledger.revision()).toBe(revision);
    expect((await on.ledger.listApiKeys("shop")).map(({ id }) => id)).toEqual(["expired", "revoked"]);
  });

  it("are revoked once, by their own tenant", async () => {
    await tenants(on.ledger, "shop", "other");
    await on.ledger.createApiKey(apiKey("a"), null, audit);
    expect(await on.ledger.revokeApiKey("other", "a", at(1), audit)).toBeUndefined();
    expect(await on.ledger.revokeApiKey("shop", "b", at(1), audit)).toBeUndefined();
    const revoked = apiKey("a", { revokedAt: at(1) });
    expect(await on.ledger.revokeApiKey("shop", "a", at(1), audit)).toEqual(revoked);
    const revision = await on.ledger.revision();
    expect(await on.ledger.revokeApiKey("shop", "a", at(2), audit)).toEqual(revoked);
    expect(await on.ledger.revision()).toBe(revision);
    expect(await auditLog(on.ledger, "")).toHaveLength(4);
  });

  it("remember their last use, whatever the order in which uses are noted, and no revision rises", async () => {
    await tenants(on.ledger, "shop");
    for (const id of ["a", "b", "c"]) await on.ledger.createApiKey(apiKey(id), null, audit);
    const revision = await on.ledger.revision();
    await on.ledger.touchApiKeys([
      { id: "b", at: at(7) },
      { id: "a", at: at(9) },
      { id: "b", at: at(5) },
      { id: "unknown", at: at(5) },
    ]);
    await on.ledger.touchApiKeys([{ id: "a", at: at(8) }]);
    await on.ledger.touchApiKeys([]);
    const keys = await on.ledger.listApiKeys("shop");
    expect(keys.map(({ lastUsedAt }) => lastUsedAt)).toEqual([at(9), at(7), null]);
    expect(await on.ledger.revision()).toBe(revision);
  });
});
