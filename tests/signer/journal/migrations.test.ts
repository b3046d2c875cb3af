import { expect, it } from "vitest";
import { activeKeys, request, told } from "./builders.ts";
import { overStores } from "./stores.ts";

overStores("the store's migrations", (on) => {
  it("make an empty store that holds nothing and answers", async () => {
    expect(await on.store.status()).toEqual({ entries: 0n, headHash: new Uint8Array() });
    expect(await on.store.keyRecords.list()).toEqual([]);
    expect(await on.store.adminGrants.list()).toEqual([]);
    await on.store.ping();
  });

  it("leave a store as it is when it is opened again", async () => {
    const [key] = await activeKeys(on.store, "a");
    await on.store.journal.reserve([request(key, 101n, "x")]);
    const [status, keys] = [await on.store.status(), await on.store.keyRecords.list()];
    await on.store.close();
    const { store } = await on.home.open();
    expect(await store.status()).toEqual(status);
    expect(await store.keyRecords.list()).toEqual(keys);
    expect(told(await store.journal.reserve([request(key, 101n, "y")]))).toEqual(["SIGNER_NONCE_CONFLICT"]);
  });

  it("refuse a store that a later version has written", async () => {
    await on.store.close();
    await on.home.execute("insert into kysely_migration values ('9999_later', '2030-01-01T00:00:00.000Z')");
    await expect(on.home.open()).rejects.toThrow(/9999_later/);
  });

  it("keep a second payload for a nonce out, whatever the rules above them would do", async () => {
    const [key] = await activeKeys(on.store, "a");
    await on.store.journal.reserve([request(key, 101n, "x")]);
    // As if the key's record had forgotten what the journal holds.
    await on.home.execute("update key_records set highest_nonce = null");
    await expect(on.store.journal.reserve([request(key, 101n, "y")])).rejects.toThrow(/unique/i);
  });
});
