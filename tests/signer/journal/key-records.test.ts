import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { forgetFloors } from "@countersign/signer-service/store/forget-floors.ts";
import { expect, it } from "vitest";
import { newKey } from "./builders.ts";
import { at, overStores, type StoreContext } from "./stores.ts";

/** Kinds and actors of the audit's entries, oldest first. */
async function audited({ engine }: StoreContext): Promise<string[]> {
  const rows = await engine.read((db) =>
    db.selectFrom("audit_entries").select(["kind", "actor", "key_id"]).orderBy("sequence").execute(),
  );
  return rows.map(({ kind, actor, key_id }) => `${kind} by ${actor}: ${key_id}`);
}

overStores("the keys' records", (on) => {
  it("keep a key that was seen once, and its state, whatever is entered later", async () => {
    const { keyRecords } = on.store;
    const { record } = newKey("a");
    const entered = { ...record, pauseReason: null, nonceFloor: null, highestNonce: null };
    expect(await keyRecords.enter([record], "start")).toEqual([entered]);
    await keyRecords.move("a", "ACTIVE", 7n, "ops");
    const active = { ...entered, state: "ACTIVE", nonceFloor: 7n };
    expect(await keyRecords.enter([record], "start")).toEqual([active]);
    expect(await keyRecords.enter([], "start")).toEqual([]);
    expect(await keyRecords.list()).toEqual([active]);
    expect(await audited(on)).toEqual(["key entered by start: a", "key moved by ops: a"]);
  });

  it("follow a key to another backend", async () => {
    const { record } = newKey("a");
    await on.store.keyRecords.enter([record], "start");
    const elsewhere = { ...record, backend: "hsm-1", reference: "label" };
    expect(await on.store.keyRecords.enter([elsewhere], "start")).toMatchObject([elsewhere]);
    expect(await on.store.keyRecords.list()).toMatchObject([elsewhere]);
    expect(await audited(on)).toEqual(["key entered by start: a", "key found elsewhere by start: a"]);
  });

  it("refuse a key id or a public key with another partner, network or account, and then all of the call", async () => {
    const { keyRecords } = on.store;
    const [known, fresh] = [newKey("a").record, newKey("b").record];
    await keyRecords.enter([known], "start");
    const reason = ErrorReason.SIGNER_KEY_EXISTS;
    for (const wrong of [
      { ...known, keyId: "c" },
      { ...known, publicKey: newKey("c").record.publicKey },
      { ...known, network: "mainnet" },
      { ...known, accountId: "other.testnet" },
    ]) {
      await expect(keyRecords.enter([fresh, wrong], "start")).rejects.toMatchObject({ reason });
    }
    const twice = [fresh, { ...newKey("b").record }];
    await expect(keyRecords.enter(twice, "start")).rejects.toMatchObject({ reason });
    expect(await keyRecords.list()).toHaveLength(1);
    expect(await audited(on)).toEqual(["key entered by start: a"]);
  });

  it("let a key only go forward, and a repeated step changes nothing", async () => {
    const { keyRecords } = on.store;
    await keyRecords.enter([newKey("a").record], "start");
    const reason = ErrorReason.SIGNER_KEY_STATE_CONFLICT;
    await expect(keyRecords.move("a", "DRAINED", null, "ops")).rejects.toMatchObject({ reason });
    await keyRecords.move("a", "ACTIVE", 7n, "ops");
    await expect(keyRecords.move("a", "RETIRED", null, "ops")).rejects.toMatchObject({ reason });
    expect(await keyRecords.move("a", "DRAINED", null, "ops")).toMatchObject({ nonceFloor: 7n });
    await keyRecords.move("a", "DRAINED", null, "ops");
    await keyRecords.move("a", "RETIRED", null, "ops");
    await expect(keyRecords.move("a", "ACTIVE", 9n, "ops")).rejects.toMatchObject({ reason });
    expect(await audited(on)).toHaveLength(4);
  });

  it("answer SIGNER_KEY_NOT_FOUND for a key that was never seen, and take no floor of the call then", async () => {
    const { keyRecords } = on.store;
    await keyRecords.enter([newKey("a").record], "start");
    const reason = ErrorReason.SIGNER_KEY_NOT_FOUND;
    await expect(keyRecords.move("b", "ACTIVE", 1n, "ops")).rejects.toMatchObject({ reason });
    await expect(keyRecords.setPause("b", "odd", "ops")).rejects.toMatchObject({ reason });
    const floors = ["a", "b"].map((keyId) => ({ keyId, nonce: 1n }));
    await expect(keyRecords.setFloors(floors, "ops")).rejects.toMatchObject({ reason });
    expect(await keyRecords.list()).toMatchObject([{ nonceFloor: null }]);
  });

  it("never let a floor fall, and forget all of them when the store is not what it was", async () => {
    const { keyRecords } = on.store;
    await keyRecords.enter([newKey("a").record, newKey("b").record], "start");
    const floors = (nonce: bigint) => ["b", "a"].map((keyId) => ({ keyId, nonce }));
    await keyRecords.setFloors(floors(9n), "ops");
    expect(await keyRecords.setFloors(floors(8n), "ops")).toMatchObject([
      { keyId: "b", nonceFloor: 9n },
      { keyId: "a", nonceFloor: 9n },
    ]);
    expect(await keyRecords.setFloors([], "ops")).toEqual([]);
    const lock = () =>
      on.engine.write((trx) => forgetFloors(trx, "restored", { now: at(0), actor: "start" }));
    await lock();
    await lock();
    expect(await keyRecords.list()).toMatchObject([{ nonceFloor: null }, { nonceFloor: null }]);
    expect((await audited(on)).filter((entry) => entry.startsWith("journal locked"))).toHaveLength(1);
  });

  it("keep a pause and its reason until it is lifted", async () => {
    const { keyRecords } = on.store;
    await keyRecords.enter([newKey("a").record], "start");
    expect(await keyRecords.setPause("a", "odd", "ops")).toMatchObject({ pauseReason: "odd" });
    await keyRecords.setPause("a", "odd", "ops");
    expect(await keyRecords.setPause("a", null, "ops")).toMatchObject({ pauseReason: null });
    expect(await audited(on)).toEqual([
      "key entered by start: a",
      "key paused by ops: a",
      "key resumed by ops: a",
    ]);
  });

  it("are entered by signers that start together", async () => {
    const stores = on.home.shared ? [on.store, (await on.home.open()).store] : [on.store, on.store];
    const keys = ["a", "b", "c"].map((keyId) => newKey(keyId).record);
    const entered = await Promise.all(
      stores.map((store, i) => store.keyRecords.enter(i === 0 ? keys : keys.toReversed(), "start")),
    );
    expect(entered[1]?.toReversed()).toEqual(entered[0]);
    expect(await audited(on)).toHaveLength(3);
  });
});
