import { DomainError, reasonName } from "@countersign/service-kit";
import type { StoreConfig } from "@countersign/signer-service/store/store-schema.ts";
import { beforeEach, describe, expect, it } from "vitest";
import { createDatabase, postgresUrl, type TestDatabase } from "../../support/postgres.ts";
import { addEntry, addOpenKey, configOf, during, isOpen, lockings, open, type TestStore } from "./stores.ts";

const PATIENT = { timeout: 8_000 };
/** The timeline after the next promotion. */
const PROMOTED = "update store_identity set place = left(place, -8) || '0000000A'";

async function withKeyAndEntries(store: TestStore): Promise<void> {
  await addOpenKey(store);
  for (let i = 0; i < 3; i++) await addEntry(store);
}

/** The server's processes behind the store's connections. */
async function connections(database: TestDatabase): Promise<number[]> {
  await database.query("select pg_stat_clear_snapshot()");
  const rows = await database.query<{ pid: number }>(
    "select pid from pg_stat_activity where datname = current_database() and application_name = 'countersign-signer'",
  );
  return rows.map(({ pid }) => pid);
}

/** Asks until a connection answers: those that were cut each fail once. */
async function answer(store: TestStore): Promise<boolean> {
  const asked = () => isOpen(store).catch(() => undefined);
  await expect.poll(asked, PATIENT).toBeDefined();
  return isOpen(store);
}

describe.skipIf(postgresUrl === undefined)("a store on PostgreSQL", () => {
  let database: TestDatabase;
  let config: StoreConfig;
  beforeEach(async () => {
    database = await createDatabase();
    const { drop, url } = database;
    config = configOf(url);
    return drop;
  });

  it("stays open for a signer that comes back, and for others beside it", async () => {
    await during(config, withKeyAndEntries);
    const stores = await Promise.all([open(config), open(config), open(config)]);
    for (const store of stores) {
      expect(store.restored).toEqual([]);
      expect(await isOpen(store)).toBe(true);
    }
  });

  it("begins its life once when several signers start on an empty database", async () => {
    const stores = await Promise.all([open(config), open(config), open(config)]);
    expect(stores.flatMap(({ restored }) => restored)).toEqual([]);
    expect(await database.query("select 1 from store_identity where incarnation <> ''")).toHaveLength(1);
  });

  it("stays open when its connections are cut and it has everything that was written", async () => {
    const store = await open(config);
    await withKeyAndEntries(store);
    await database.cutConnections();
    expect(await answer(store)).toBe(true);
    expect(store.restored).toEqual([]);
  });

  it("is locked as a copy, and the original stays open", async () => {
    // The copied database must be without connections, and the test has one to its own.
    const name = new URL(database.url).pathname.slice(1);
    const [original, copy] = ["original", "copy"].map((end) => {
      const url = new URL(database.url);
      url.pathname = `/${name}_${end}`;
      return configOf(url.href);
    });
    if (original === undefined || copy === undefined) throw new Error("no databases");
    await database.query(`create database ${name}_original`);
    await during(original, withKeyAndEntries);
    // A connection that is closed may still be ending at the server.
    const copied = () => database.query(`create database ${name}_copy template ${name}_original`);
    await expect.poll(() => copied().then(() => "copied", String), PATIENT).toBe("copied");
    await during(copy, async (store) => {
      expect(store.restored).toEqual(["the store was copied"]);
      expect(await isOpen(store)).toBe(false);
    });
    await during(original, async (store) => expect(await isOpen(store)).toBe(true));
    for (const end of ["original", "copy"]) await database.query(`drop database ${name}_${end} with (force)`);
  });

  it("is locked after its tables were made and filled anew", async () => {
    await during(config, withKeyAndEntries);
    await database.query("create table filled (like journal_entries including all)");
    await database.query("insert into filled select * from journal_entries");
    await database.query("drop table journal_entries");
    await database.query("alter table filled rename to journal_entries");
    await during(config, async (store) => {
      expect(store.restored).toEqual(["the store was copied"]);
      expect(await isOpen(store)).toBe(false);
      expect(await lockings(store)).toEqual(store.restored);
    });
    expect((await open(config)).restored).toEqual([]);
  });

  it("is locked by a dump without its identity", async () => {
    await during(config, withKeyAndEntries);
    await database.query("delete from store_identity");
    const store = await open(config);
    expect(store.restored).toEqual([expect.stringMatching(/was a backup/)]);
    expect(await isOpen(store)).toBe(false);
  });

  it("is locked for every signer when it fails over, while they run, to a server with another timeline", async () => {
    const [one, two] = await Promise.all([open(config), open(config)]);
    await withKeyAndEntries(one);
    await database.query(PROMOTED);
    await database.cutConnections();
    expect(await answer(one)).toBe(false);
    expect(await answer(two)).toBe(false);
    expect([...one.restored, ...two.restored]).toEqual([expect.stringMatching(/another timeline/)]);
  });

  it("stays open after a promotion where a standby has every commit", async () => {
    await during(config, withKeyAndEntries);
    await database.query(PROMOTED);
    const store = await open({ ...config, synchronousStandby: true });
    expect(store.restored).toEqual([]);
    expect(await isOpen(store)).toBe(true);
    await during(config, async (other) => expect(await isOpen(other)).toBe(true));
  });

  it("is locked when a server answers that lacks what this signer has written, whatever its timeline", async () => {
    const store = await open({ ...config, synchronousStandby: true });
    await withKeyAndEntries(store);
    await database.query("delete from journal_entries where sequence = 3");
    await database.query("update chain_heads set sequence = 2 where chain = 'journal'");
    await database.cutConnections();
    expect(await answer(store)).toBe(false);
    expect(store.restored).toEqual(["the journal lacks entries that it had"]);
    // Once: what is written from then on counts.
    expect(await addEntry(store, "again")).toBe(3n);
    await database.cutConnections();
    await answer(store);
    expect(store.restored).toHaveLength(1);
  });

  it("gives up the connections that lead to where the store was before", async () => {
    const store = await open(config);
    await addOpenKey(store);
    const before = await connections(database);
    await database.query(PROMOTED);
    // More readers at once than there are connections make new ones, which see the other place.
    await Promise.allSettled(Array.from({ length: 8 }, () => isOpen(store)));
    await expect.poll(() => connections(database), PATIENT).not.toEqual(expect.arrayContaining(before));
    expect(await answer(store)).toBe(false);
  });

  it("says at start-up what a failover could lose", async () => {
    const store = await open(config);
    expect(store.warnings).toEqual([
      expect.stringMatching(/no synchronous_standby_names; a failover could lose/),
    ]);
    const [row] = await database.query<{ name: string }>("select current_database() as name");
    await database.query(`alter database ${row?.name} set synchronous_commit = local`);
    const { warnings } = await open(config);
    expect(warnings).toContainEqual(expect.stringMatching(/synchronous_commit local; a failover could lose/));
  });

  it("says that it is unavailable when nothing listens, without the password", async () => {
    const url = new URL(database.url);
    url.port = "1";
    url.password = "geheim";
    const refusal = await open(configOf(url.href)).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(DomainError);
    expect(reasonName((refusal as DomainError).reason)).toBe("SIGNER_STORE_UNAVAILABLE");
    expect(`${refusal}`).not.toMatch(/geheim/);
  });
});
