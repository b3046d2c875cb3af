import { DatabaseSync } from "node:sqlite";
import pg from "pg";
import { expect, it } from "vitest";
import { delegate } from "./builders.ts";
import { type Context, overEngines } from "./over-engines.ts";

/** Runs SQL beside the ledger. */
async function execute(on: Context, statement: string): Promise<void> {
  const url = on.home.url.reveal();
  if (on.engine.name === "sqlite") {
    const db = new DatabaseSync(url.slice("sqlite:".length));
    db.exec(statement);
    db.close();
    return;
  }
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(statement);
  await client.end();
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
    await execute(on, "insert into kysely_migration values ('9999_later', '2030-01-01T00:00:00.000Z')");
    await expect(on.home.open()).rejects.toThrow(/9999_later is missing/);
  });

  it("leave nothing of a migration that fails, so that the next start can run it", async () => {
    await on.ledger.close();
    const tables = ["submissions", "transitions", "idempotency", "replay_marks", "lanes", "attempts"];
    for (const table of tables) await execute(on, `drop table ${table}`);
    await execute(on, "delete from kysely_migration");
    // The last table of the first migration is in the way.
    await execute(on, "create table attempts (x text)");
    await expect(on.home.open()).rejects.toThrow(/attempts.* already exists/);
    await execute(on, "drop table attempts");
    const ledger = await on.home.open();
    expect((await ledger.accept(delegate("a"))).outcome).toBe("accepted");
  });
});
