import { expect, it } from "vitest";
import { delegate } from "./builders.ts";
import { overEngines } from "./over-engines.ts";

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
    const tables = ["submissions", "transitions", "idempotency", "replay_marks", "lanes", "attempts"];
    for (const table of tables) await on.home.execute(`drop table ${table}`);
    await on.home.execute("delete from kysely_migration");
    // The last table of the first migration is in the way.
    await on.home.execute("create table attempts (x text)");
    await expect(on.home.open()).rejects.toThrow(/attempts.* already exists/);
    await on.home.execute("drop table attempts");
    const ledger = await on.home.open();
    expect((await ledger.accept(delegate("a"))).outcome).toBe("accepted");
  });
});
