import { expect, it } from "vitest";
import { at } from "./builders.ts";
import { overEngines } from "./over-engines.ts";
import { apiKey, audit, auditLog, issuer, pause, policy, tenants } from "./protection-builders.ts";

overEngines("documents", (on) => {
  it("are stored by version, and every version stays", async () => {
    await tenants(on.ledger, "shop");
    const first = { ...policy("one"), version: 1n };
    expect(await on.ledger.putDocument(policy("one"), 0n, audit)).toEqual({
      outcome: "stored",
      document: first,
    });
    await on.ledger.putDocument(policy("two", { createdAt: at(1) }), 1n, audit);
    await on.ledger.putDocument(policy("limits", { kind: "limits" }), 0n, audit);
    expect(await on.ledger.getDocument("shop", "policy")).toMatchObject({ text: "two", version: 2n });
    expect(await on.ledger.getDocument("shop", "policy", 1n)).toEqual(first);
    expect(await on.ledger.getDocument("shop", "policy", 3n)).toBeUndefined();
    expect(await on.ledger.getDocument("other", "policy")).toBeUndefined();
    const { documents } = await on.ledger.snapshot();
    expect(documents).toMatchObject([
      { kind: "limits", version: 1n },
      { kind: "policy", version: 2n, text: "two" },
    ]);
  });

  it("are refused for an unknown tenant and over another version than the current one", async () => {
    expect(await on.ledger.putDocument(policy("one"), 0n, audit)).toEqual({ outcome: "tenant-not-found" });
    await tenants(on.ledger, "shop");
    expect(await on.ledger.putDocument(policy("one"), 1n, audit)).toEqual({ outcome: "version-conflict" });
    await on.ledger.putDocument(policy("one"), 0n, audit);
    expect(await on.ledger.putDocument(policy("two"), 0n, audit)).toEqual({ outcome: "version-conflict" });
    expect(await on.ledger.revision()).toBe(2n);
  });

  it("are stored once when the same text comes again, and anew when it comes over itself", async () => {
    await tenants(on.ledger, "shop");
    await on.ledger.putDocument(policy("one"), 0n, audit);
    expect(await on.ledger.putDocument(policy("one", { author: "admin:b" }), 0n, audit)).toEqual({
      outcome: "repeated",
      document: { ...policy("one"), version: 1n },
    });
    expect(await auditLog(on.ledger, "")).toHaveLength(2);
    expect(await on.ledger.putDocument(policy("one"), 1n, audit)).toMatchObject({
      outcome: "stored",
      document: { version: 2n },
    });
  });

  it("let one of many over one version through", async () => {
    await tenants(on.ledger, "shop");
    const calls = Array.from({ length: 20 }, (_, i) => on.ledger.putDocument(policy(`${i}`), 0n, audit));
    const outcomes = (await Promise.all(calls)).map(({ outcome }) => outcome);
    expect(outcomes.filter((outcome) => outcome === "stored")).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === "version-conflict")).toHaveLength(19);
  });
});

overEngines("pauses", (on) => {
  it("stand once for each level and target, and the latest one holds", async () => {
    const tenant = pause({ id: "pause-2", level: "TENANT", target: "shop" });
    expect(await on.ledger.putPause(pause(), audit)).toEqual(pause());
    await on.ledger.putPause(tenant, audit);
    const later = pause({
      id: "pause-3",
      mode: "HOLD",
      reason: "attack",
      author: "admin:b",
      createdAt: at(5),
    });
    expect(await on.ledger.putPause(later, audit)).toEqual(later);
    expect((await on.ledger.snapshot()).pauses).toEqual([later, tenant]);
    expect(await on.ledger.revision()).toBe(3n);
  });

  it("are ended once", async () => {
    await on.ledger.putPause(pause(), audit);
    expect(await on.ledger.deletePause("RELAY", "", audit)).toEqual(pause());
    expect(await on.ledger.deletePause("RELAY", "", audit)).toBeUndefined();
    expect((await on.ledger.snapshot()).pauses).toEqual([]);
    expect(await on.ledger.revision()).toBe(2n);
    expect(await auditLog(on.ledger, "")).toHaveLength(2);
  });
});

overEngines("the snapshot", (on) => {
  it("is empty at first", async () => {
    expect(await on.ledger.snapshot()).toEqual({
      revision: 0n,
      tenants: [],
      keys: [],
      documents: [],
      pauses: [],
      webhooks: [],
    });
  });

  it("leaves out a key 90 days after it was revoked or expired, which its tenant's list does not", async () => {
    const days = (count: number) => count * 24 * 60 * 60 * 1000;
    const end = at(days(-90));
    const home = await on.engine.home();
    try {
      let time = at(-1);
      const ledger = await home.open(() => time);
      await tenants(ledger, "shop");
      const keys = [
        apiKey("active", { createdAt: at(days(-400)), expiresAt: at(days(1)) }),
        apiKey("expired", { createdAt: at(days(-399)), expiresAt: end }),
        apiKey("forever", { createdAt: at(days(-398)) }),
        apiKey("revoked", { createdAt: at(days(-397)), revokedAt: end }),
        apiKey("revoked-first", { createdAt: at(days(-396)), revokedAt: end, expiresAt: at(days(1)) }),
      ];
      for (const key of keys) await ledger.createApiKey(key, null, audit);
      expect((await ledger.snapshot()).keys).toEqual(keys);
      time = at(0);
      expect((await ledger.snapshot()).keys.map(({ id }) => id)).toEqual(["active", "forever"]);
      expect(await ledger.listApiKeys("shop")).toEqual(keys);
    } finally {
      await home.remove();
    }
  });

  it("shows all of a change or nothing of it, under its revision, while changes go on", async () => {
    await tenants(on.ledger, "shop");
    // Each change after the first one adds a key and gives it away by the revision.
    const changes = (async () => {
      for (let i = 0; i < 60; i++) await on.ledger.createApiKey(apiKey(`k${i}`), null, audit);
    })();
    const second = on.engine.name === "postgres" ? await on.home.open() : on.ledger;
    let last = 0n;
    while (last < 61n) {
      const { revision, keys } = await second.snapshot();
      expect(BigInt(keys.length)).toBe(revision - 1n);
      expect(revision).toBeGreaterThanOrEqual(last);
      last = revision;
    }
    await changes;
  });

  it("raises its revision with every change and with nothing else", async () => {
    const revisions: bigint[] = [];
    const note = async () => void revisions.push(await on.ledger.revision());
    await tenants(on.ledger, "shop");
    await note();
    await on.ledger.updateTenant("shop", 1n, { tokenIssuers: [issuer("a")] }, audit);
    await note();
    await on.ledger.createApiKey(apiKey("a"), null, audit);
    await note();
    await on.ledger.putDocument(policy("p"), 0n, audit);
    await note();
    await on.ledger.putPause(pause(), audit);
    await note();
    await on.ledger.appendAudit([audit]);
    await on.ledger.touchApiKeys([{ id: "a", at: at(1) }]);
    await note();
    expect(revisions).toEqual([1n, 2n, 3n, 4n, 5n, 5n]);
  });
});
