import { expect, it } from "vitest";
import { at, delegate, failed, heldLane, succeeded, TGAS } from "./builders.ts";
import { type Context, overEngines } from "./over-engines.ts";
import { released0001 } from "./released-0001.ts";

const TABLES = [
  ...["submissions", "transitions", "idempotency", "replay_marks", "lanes", "attempts"],
  ...["tenants", "token_issuers", "api_keys", "documents", "pauses", "admin_calls", "protection_revision"],
  "relying_parties",
  ...["budget_use", "audit_events", "audit_chains", "audit_heads", "audit_sequencer"],
  ...["users", "identities", "passkeys", "provider_accounts"],
  ...["app_sessions", "refresh_tokens", "app_session_sequence"],
  ...["webhooks", "webhook_deliveries"],
  "key_operations",
  ...["kysely_migration", "kysely_migration_lock"],
];

/** Leaves the database as it was before the first start. */
async function dropAll({ home }: Context): Promise<void> {
  for (const table of TABLES) await home.execute(`drop table ${table}`);
}

overEngines("migrations", (on) => {
  it("leave a ledger as it is when it is opened again", async () => {
    await on.ledger.accept(delegate("a"));
    const before = await on.ledger.getSubmission("default", "sub_a");
    await on.ledger.close();
    const again = await on.home.open();
    expect(await again.getSubmission("default", "sub_a")).toEqual(before);
  });

  it("refuse a ledger that a later version has written", async () => {
    await on.ledger.close();
    await on.home.execute("insert into kysely_migration values ('9999_later', '2030-01-01T00:00:00.000Z')");
    await expect(on.home.open()).rejects.toThrow(/9999_later is missing/);
  });

  it("leave nothing of a migration that fails, so that the next start can run it", async () => {
    await on.ledger.close();
    await dropAll(on);
    // The last table of the last migration is in the way.
    await on.home.execute("create table audit_sequencer (x text)");
    await expect(on.home.open()).rejects.toThrow(/audit_sequencer.* already exists/);
    await on.home.execute("drop table audit_sequencer");
    const ledger = await on.home.open();
    expect((await ledger.accept(delegate("a"))).outcome).toBe("accepted");
  });

  it("keep what the first release accepted and signed, and let it end without settling anything", async () => {
    await on.ledger.close();
    await dropAll(on);
    for (const statement of released0001(on.engine)) await on.home.execute(statement);
    const ledger = await on.home.open();

    const done = await ledger.getSubmission("default", "sub_done");
    expect(done).toMatchObject({ state: "SUCCEEDED", cost: { gasBurnt: 7n, tokensBurnt: 70n, deposit: 5n } });
    expect((await ledger.accept(delegate("waiting"))).outcome).toBe("key-reused");
    const lane = await heldLane(ledger);
    expect(await ledger.openWork(lane.id)).toMatchObject([{ submissionId: "sub_claimed", state: "SIGNED" }]);
    expect(await ledger.claim({ ...lane, limit: 9, nonceFloor: 1n })).toMatchObject([
      { submissionId: "sub_waiting", nonce: 103n },
    ]);
    await ledger.recordTerminal(lane, [succeeded("sub_claimed"), failed("sub_waiting", "REJECTED")]);
    for (const { used } of await ledger.budgetUse("default", at(0))) {
      expect(used).toEqual({ accounts: 0n, gas: 0n, deposit: 0n });
    }
    expect(await ledger.usage({ tenant: undefined, by: "user", since: at(0) })).toMatchObject([
      { tenant: "default", group: "", submissions: 3n, succeeded: 2n, gas: 7n + 2_428_000_000_000n },
    ]);
    expect(await ledger.chainAudit(() => new Uint8Array(32), 10)).toBe(2);

    await ledger.accept(delegate("new"));
    expect((await ledger.budgetUse("default", at(0)))[0]?.used.gas).toBe(30n * TGAS);
  });
});
