import { expect, it } from "vitest";
import { at } from "./builders.ts";
import { overEngines } from "./over-engines.ts";
import { audit, auditLog, issuer, signIn, tenants } from "./protection-builders.ts";

overEngines("tenants", (on) => {
  const shop = { id: "shop", displayName: "Shop", createdAt: at(5) };
  const created = { ...shop, disabled: false, tokenIssuers: [], signIn: null, version: 1n };

  it("are created once, and the same call again gets the first one's", async () => {
    expect(await on.ledger.createTenant(shop, audit)).toEqual({ outcome: "created", tenant: created });
    expect(await on.ledger.createTenant({ ...shop, createdAt: at(9) }, audit)).toEqual({
      outcome: "repeated",
      tenant: created,
    });
    expect(await on.ledger.createTenant({ ...shop, displayName: "Other" }, audit)).toEqual({
      outcome: "exists",
      tenant: created,
    });
    expect(await on.ledger.revision()).toBe(1n);
    expect(await auditLog(on.ledger, "")).toHaveLength(1);
  });

  it("are created once by many calls at the same time", async () => {
    const calls = Array.from({ length: 20 }, () => on.ledger.createTenant(shop, audit));
    const outcomes = (await Promise.all(calls)).map(({ outcome }) => outcome);
    expect(outcomes.filter((outcome) => outcome === "created")).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === "repeated")).toHaveLength(19);
  });

  it("change under their version, and say everything that they were changed to", async () => {
    await on.ledger.createTenant(shop, audit);
    const change = {
      disabled: true,
      tokenIssuers: [issuer("b"), issuer("a", { jwksUri: "", jwksJson: "{}" })],
    };
    const updated = { ...created, ...change, version: 2n };
    expect(await on.ledger.updateTenant("shop", 1n, change, audit)).toEqual({
      outcome: "updated",
      tenant: updated,
    });
    expect((await on.ledger.snapshot()).tenants).toEqual([updated]);
    const renamed = await on.ledger.updateTenant("shop", 2n, { displayName: "New" }, audit);
    expect(renamed).toMatchObject({ tenant: { ...updated, displayName: "New", version: 3n } });
    expect((await on.ledger.snapshot()).tenants).toMatchObject([
      renamed.outcome === "updated" ? renamed.tenant : {},
    ]);
    await on.ledger.updateTenant("shop", 3n, { tokenIssuers: [] }, audit);
    expect((await on.ledger.snapshot()).tenants).toMatchObject([{ tokenIssuers: [], version: 4n }]);
  });

  it("take the same change twice, and record it once", async () => {
    await on.ledger.createTenant(shop, audit);
    const change = { displayName: "New", tokenIssuers: [issuer("a")] };
    const first = await on.ledger.updateTenant("shop", 1n, change, audit);
    expect(await on.ledger.updateTenant("shop", 1n, change, audit)).toEqual(first);
    expect(await on.ledger.revision()).toBe(2n);
    expect(await auditLog(on.ledger, "")).toHaveLength(2);
  });

  it("refuse another change of a version that has passed, or has not come", async () => {
    await on.ledger.createTenant(shop, audit);
    await on.ledger.updateTenant("shop", 1n, { displayName: "New" }, audit);
    for (const version of [0n, 1n, 3n]) {
      expect(await on.ledger.updateTenant("shop", version, { displayName: "Other" }, audit)).toEqual({
        outcome: "version-conflict",
      });
    }
    expect(await on.ledger.updateTenant("nobody", 1n, {}, audit)).toEqual({ outcome: "not-found" });
    expect(await on.ledger.revision()).toBe(2n);
  });

  it("let one of many changes of one version through", async () => {
    await on.ledger.createTenant(shop, audit);
    const calls = Array.from({ length: 20 }, (_, i) =>
      on.ledger.updateTenant("shop", 1n, { displayName: `name ${i}` }, audit),
    );
    const outcomes = (await Promise.all(calls)).map(({ outcome }) => outcome);
    expect(outcomes.filter((outcome) => outcome === "updated")).toHaveLength(1);
    expect(await on.ledger.revision()).toBe(2n);
  });

  it("share no issuer with the same audience, and nothing of a refused change stays", async () => {
    await tenants(on.ledger, "one", "two");
    await on.ledger.updateTenant("one", 1n, { tokenIssuers: [issuer("a"), issuer("b")] }, audit);
    await on.ledger.updateTenant("two", 1n, { tokenIssuers: [issuer("c")] }, audit);
    const before = await on.ledger.snapshot();
    const change = { displayName: "New", tokenIssuers: [issuer("d"), issuer("b")] };
    expect(await on.ledger.updateTenant("two", 2n, change, audit)).toEqual({ outcome: "issuer-conflict" });
    const twice = { tokenIssuers: [issuer("d"), issuer("d")] };
    expect(await on.ledger.updateTenant("two", 2n, twice, audit)).toEqual({ outcome: "issuer-conflict" });
    expect(await on.ledger.snapshot()).toEqual(before);

    const apart = { tokenIssuers: [issuer("b", { audience: "other" })] };
    expect(await on.ledger.updateTenant("two", 2n, apart, audit)).toMatchObject({ outcome: "updated" });
    await on.ledger.updateTenant("one", 2n, { tokenIssuers: [issuer("a")] }, audit);
    const freed = { tokenIssuers: [issuer("b")] };
    expect(await on.ledger.updateTenant("two", 3n, freed, audit)).toMatchObject({ outcome: "updated" });
    expect(await auditLog(on.ledger, "")).toHaveLength(7);
  });

  it("give an issuer to one of many tenants that claim it from two replicas at the same time", async () => {
    const ids = Array.from({ length: 10 }, (_, i) => `tenant-${i}`);
    await tenants(on.ledger, ...ids);
    const second = on.engine.name === "postgres" ? await on.home.open() : on.ledger;
    const calls = ids.map((id, i) =>
      (i % 2 === 0 ? on.ledger : second).updateTenant(
        id,
        1n,
        { tokenIssuers: [issuer(id), issuer("same")] },
        audit,
      ),
    );
    const outcomes = (await Promise.all(calls)).map(({ outcome }) => outcome);
    expect(outcomes.filter((outcome) => outcome === "updated")).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === "issuer-conflict")).toHaveLength(9);
    expect(await on.ledger.revision()).toBe(11n);
  });

  it("keep how their users sign in, whole, until they are given another way or none", async () => {
    await tenants(on.ledger, "one");
    const first = signIn(["wallet.example", "localhost"], { scopes: ["submit", "threshold"] });
    const set = await on.ledger.updateTenant("one", 1n, { signIn: first }, audit);
    expect(set).toMatchObject({ outcome: "updated", tenant: { signIn: first, version: 2n } });
    expect(await on.ledger.updateTenant("one", 1n, { signIn: first }, audit)).toEqual(set);
    expect((await on.ledger.snapshot()).tenants).toMatchObject([{ signIn: first }]);
    await on.ledger.updateTenant("one", 2n, { displayName: "New" }, audit);
    expect((await on.ledger.snapshot()).tenants).toMatchObject([{ displayName: "New", signIn: first }]);
    await on.ledger.updateTenant("one", 3n, { signIn: null }, audit);
    expect((await on.ledger.snapshot()).tenants).toMatchObject([{ signIn: null, version: 4n }]);
    expect(await auditLog(on.ledger, "")).toHaveLength(4);
  });

  it("share no relying party, and nothing of a refused change stays", async () => {
    await tenants(on.ledger, "one", "two");
    await on.ledger.updateTenant("one", 1n, { signIn: signIn(["a.example", "b.example"]) }, audit);
    await on.ledger.updateTenant("two", 1n, { signIn: signIn(["c.example"]) }, audit);
    const before = await on.ledger.snapshot();
    const change = {
      displayName: "New",
      tokenIssuers: [issuer("d")],
      signIn: signIn(["d.example", "b.example"]),
    };
    expect(await on.ledger.updateTenant("two", 2n, change, audit)).toEqual({
      outcome: "relying-party-conflict",
    });
    expect(
      await on.ledger.updateTenant("two", 2n, { signIn: signIn(["d.example", "d.example"]) }, audit),
    ).toEqual({ outcome: "relying-party-conflict" });
    expect(await on.ledger.snapshot()).toEqual(before);

    await on.ledger.updateTenant("one", 2n, { signIn: signIn(["a.example"]) }, audit);
    const freed = { signIn: signIn(["b.example"]) };
    expect(await on.ledger.updateTenant("two", 2n, freed, audit)).toMatchObject({ outcome: "updated" });
    await on.ledger.updateTenant("one", 3n, { signIn: null }, audit);
    const all = { signIn: signIn(["a.example", "b.example"]) };
    expect(await on.ledger.updateTenant("two", 3n, all, audit)).toMatchObject({ outcome: "updated" });
  });

  it("give a relying party to one of many tenants that claim it from two replicas at the same time", async () => {
    const ids = Array.from({ length: 10 }, (_, i) => `tenant-${i}`);
    await tenants(on.ledger, ...ids);
    const second = on.engine.name === "postgres" ? await on.home.open() : on.ledger;
    const calls = ids.map((id, i) => {
      const claim = { signIn: signIn([`${id}.example`, "same.example"]) };
      return (i % 2 === 0 ? on.ledger : second).updateTenant(id, 1n, claim, audit);
    });
    const outcomes = (await Promise.all(calls)).map(({ outcome }) => outcome);
    expect(outcomes.filter((outcome) => outcome === "updated")).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === "relying-party-conflict")).toHaveLength(9);
  });
});
