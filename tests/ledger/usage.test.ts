import { expect, it } from "vitest";
import { at, creation, delegate, failed, heldLane, reservation, signed, succeeded } from "./builders.ts";
import { overEngines } from "./over-engines.ts";

overEngines("usage", (on) => {
  const cost = { gasBurnt: 10n, tokensBurnt: 100n, deposit: 7n };
  const nothing = { accounts: 0n, gas: 0n, deposit: 0n, tokensBurnt: 0n, succeeded: 0n, failed: 0n };

  /** A tenant "shop" with an early delegate, an account, a failed delegate, a rejected one; "other" with an open one. */
  async function spend(): Promise<void> {
    const lane = await heldLane(on.ledger);
    const shop = { tenant: "shop" };
    await on.ledger.accept(delegate("early", shop));
    await on.ledger.accept({
      ...creation("account"),
      ...shop,
      budget: reservation({}, {}, "user:bob"),
      at: at(10),
    });
    await on.ledger.accept(delegate("failed", { ...shop, at: at(20) }));
    await on.ledger.accept(delegate("rejected", { ...shop, at: at(30) }));
    const works = await on.ledger.claim({ ...lane, limit: 4, nonceFloor: 1n });
    await on.ledger.recordSigned(lane, works.slice(0, 3).map(signed));
    await on.ledger.recordTerminal(lane, [
      { ...succeeded("sub_early"), cost },
      { ...succeeded("sub_account"), cost },
      { ...failed("sub_failed", "FAILED"), cost },
      failed("sub_rejected", "REJECTED"),
    ]);
    await on.ledger.accept(delegate("open", { tenant: "other", at: at(40) }));
  }

  it("sums up each tenant", async () => {
    await spend();
    const shop = {
      ...{ tenant: "shop", group: "", submissions: 4n, succeeded: 2n, failed: 1n },
      ...{ accounts: 1n, gas: 30n, deposit: 21n, tokensBurnt: 300n },
    };
    const other = { tenant: "other", group: "", submissions: 1n, ...nothing };
    expect(await on.ledger.usage({ tenant: undefined, by: "tenant", since: at(0) })).toEqual([other, shop]);
    expect(await on.ledger.usage({ tenant: "shop", by: "tenant", since: at(0) })).toEqual([shop]);
    expect(await on.ledger.usage({ tenant: "nobody", by: "tenant", since: at(0) })).toEqual([]);
  });

  it("sums up each method and each user of a tenant", async () => {
    await spend();
    const account = {
      ...{ submissions: 1n, succeeded: 1n, failed: 0n, accounts: 1n },
      ...{ gas: 10n, deposit: 7n, tokensBurnt: 100n },
    };
    expect(await on.ledger.usage({ tenant: "shop", by: "method", since: at(0) })).toMatchObject([
      { group: "SubmitDelegate", submissions: 3n, succeeded: 1n, failed: 1n, accounts: 0n },
      { group: "CreateAccount", ...account },
    ]);
    expect(await on.ledger.usage({ tenant: "shop", by: "user", since: at(0) })).toMatchObject([
      { group: "user:alice", submissions: 3n },
      { group: "user:bob", ...account },
    ]);
  });

  it("counts what was accepted since then, that moment included", async () => {
    await spend();
    const since = async (ms: number) =>
      (await on.ledger.usage({ tenant: "shop", by: "tenant", since: at(ms) }))[0]?.submissions;
    expect(await since(0)).toBe(4n);
    expect(await since(1)).toBe(3n);
    expect(await since(10)).toBe(3n);
    expect(await since(31)).toBeUndefined();
  });

  it("sums up over many pages, also when thousands were accepted in one millisecond", async () => {
    const row = `select 'sub_' || a.n || '_' || b.n, 'shop', 'wallet', 'DELEGATE', 'SUCCEEDED', 1, 'testnet', 'a', 'b',
      '', ${at(0).getTime()} + a.n / 40, 1, 3, '5', '18446744073709551616'`;
    const numbers = (count: number) =>
      `with recursive n (n) as (select 0 union all select n + 1 from n where n < ${count - 1})`;
    await on.home.execute(`${numbers(75)} insert into submissions (id, tenant, caller, kind, state, version, network,
      account_id, receiver_id, payload, created_at, terminal_at, gas_burnt, tokens_burnt, deposit)
      ${row} from n a, n b where b.n < 60`);
    expect(await on.ledger.usage({ tenant: undefined, by: "tenant", since: at(0) })).toMatchObject([
      { submissions: 4_500n, gas: 13_500n, tokensBurnt: 22_500n, deposit: 4_500n * 2n ** 64n },
    ]);
  });
});
