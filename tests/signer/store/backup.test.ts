import { copyFileSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { adminGrantsOver } from "@countersign/signer-service/store/admin-grant-store.ts";
import { backupStore } from "@countersign/signer-service/store/backup-store.ts";
import { openStoreReader } from "@countersign/signer-service/store/read-store.ts";
import { expect, it } from "vitest";
import { newKey, repairGrant } from "../journal/builders.ts";
import { at } from "../journal/stores.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { addEntry, addOpenKey, configOf, isOpen, lockings, open } from "./stores.ts";

async function runningStore() {
  const folder = temporaryDirectory();
  const config = configOf(`sqlite:${join(folder, "signer.db")}`);
  const store = await open(config);
  await addOpenKey(store);
  await addEntry(store);
  return { folder, config, store, path: join(folder, "signer.db"), backup: join(folder, "backup.db") };
}

it("a backup of a running store is private, and locked wherever it is put back", async () => {
  const { config, store, path, backup } = await runningStore();
  backupStore(config, backup);
  expect(statSync(backup).mode & 0o777).toBe(0o600);
  await store.engine.close();
  copyFileSync(backup, path);
  const again = await open(config);
  expect(again.restored).toEqual([expect.stringMatching(/was a backup/)]);
  expect(await isOpen(again)).toBe(false);
  expect(await lockings(again)).toEqual(again.restored);
  expect(await addEntry(again)).toBe(2n);
});

it("a store that was put back takes no admin grant again that was revoked or used since", async () => {
  const { config, store, path, backup } = await runningStore();
  const key = newKey("key-1");
  const grants = adminGrantsOver(store.engine, () => at(0));
  await grants.install(repairGrant(key, 7n, "old"), "test");
  backupStore(config, backup);
  await grants.revoke("repair-1", "test");
  await store.engine.close();
  copyFileSync(backup, path);
  const again = adminGrantsOver((await open(config)).engine, () => at(0));
  expect(await again.list()).toMatchObject([{ revoked: true }]);
  expect(await again.install(repairGrant(key, 7n, "old"), "test")).toMatchObject({ revoked: true });
});

it("a backup leaves the store itself open", async () => {
  const { config, store, backup } = await runningStore();
  backupStore(config, backup);
  await addEntry(store);
  await store.engine.close();
  expect(await isOpen(await open(config))).toBe(true);
});

it("a backup never overwrites a file, and leaves none when it fails", async () => {
  const { config, folder, backup } = await runningStore();
  writeFileSync(backup, "kept");
  expect(() => backupStore(config, backup)).toThrow(/EEXIST/);
  expect(readFileSync(backup, "utf8")).toBe("kept");
  const broken = join(folder, "broken.db");
  writeFileSync(broken, "no database".repeat(100));
  const target = join(folder, "target.db");
  expect(() => backupStore(configOf(`sqlite:${broken}`), target)).toThrow(/not a database/);
  expect(existsSync(target)).toBe(false);
});

it("a store of PostgreSQL is left to its own tools", () => {
  expect(() => backupStore(configOf("postgres://user:geheim@db/signer"), "backup.db")).toThrow(/pg_dump/);
});

it("a reader beside a running signer sees what is committed, and cannot write", async () => {
  const { config, store } = await runningStore();
  const reader = openStoreReader(config);
  const entries = () =>
    reader.snapshot(
      async (trx) => (await trx.selectFrom("journal_entries").select("sequence").execute()).length,
    );
  expect(await entries()).toBe(1);
  await addEntry(store);
  expect(await entries()).toBe(2);
  await expect(reader.write((trx) => trx.deleteFrom("journal_entries").execute())).rejects.toThrow(
    /readonly/,
  );
  await reader.close();
  expect(await addEntry(store)).toBe(3n);
});
