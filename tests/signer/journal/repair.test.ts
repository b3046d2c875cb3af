import { exportJournal } from "@countersign/signer-service/journal/export.ts";
import { verifyJournal } from "@countersign/signer-service/journal/verify.ts";
import { expect, it } from "vitest";
import { activeKeys, newKey, repairGrant, request, signed, told } from "./builders.ts";
import { at, overStores } from "./stores.ts";

overStores("a repair", (on) => {
  it("lets another payload take a nonce exactly once, and both entries stay in the chain", async () => {
    const [key] = await activeKeys(on.store, "a");
    const { journal, adminGrants } = on.store;
    await journal.reserve([request(key, 101n, "old")]);
    await adminGrants.install(repairGrant(key, 101n, "old"), "test");

    const asked = request(key, 101n, "new");
    expect(told(await journal.reserve([asked, request(key, 101n, "other")]))).toEqual([
      "reserved",
      "SIGNER_NONCE_CONFLICT",
    ]);
    await journal.record([signed(key, asked)]);
    expect(
      told(await journal.reserve(["new", "old", "other"].map((payload) => request(key, 101n, payload)))),
    ).toEqual(["signed", "SIGNER_NONCE_CONFLICT", "SIGNER_NONCE_CONFLICT"]);
    expect(await adminGrants.list()).toMatchObject([
      { grant: { id: "repair-1" }, used: true, revoked: false },
    ]);

    const verified = await verifyJournal(exportJournal(on.engine, () => at(0)));
    expect(verified).toMatchObject({ ok: true, entries: 2n });
    const audit = await on.engine.read((db) => db.selectFrom("audit_entries").selectAll().execute());
    expect(audit.filter(({ kind }) => kind === "journal repaired")).toMatchObject([
      { actor: "spiffe://countersign/relay", key_id: "a" },
    ]);
  });

  it("is spent by one of many calls at once", async () => {
    const [key] = await activeKeys(on.store, "a");
    await on.store.journal.reserve([request(key, 101n, "old")]);
    await on.store.adminGrants.install(repairGrant(key, 101n, "old"), "test");
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, i) => on.store.journal.reserve([request(key, 101n, `new ${i}`)])),
    );
    expect(told(answers.flat()).filter((answer) => answer === "reserved")).toHaveLength(1);
  });

  it("needs the very network, account, key, nonce and old payload, in its time, not revoked, signed for this signer", async () => {
    const [key, other] = await activeKeys(on.store, "a", "b");
    const { journal, adminGrants } = on.store;
    await journal.reserve([request(key, 101n, "old"), request(key, 102n, "old")]);
    const fits = repairGrant(key, 101n, "old");
    const without = [
      repairGrant(key, 102n, "older", { id: "another-payload" }),
      repairGrant(other, 101n, "old", { id: "another-key" }),
      repairGrant({ ...newKey("a"), record: { ...key.record, network: "mainnet" } }, 101n, "old", {
        id: "another-network",
      }),
      repairGrant({ ...key, record: { ...key.record, accountId: "b.testnet" } }, 101n, "old", {
        id: "another-account",
      }),
      repairGrant(key, 101n, "old", { id: "too-early", notBefore: at(1) }),
      repairGrant(key, 101n, "old", { id: "too-late", notBefore: at(-1), expiresAt: at(0) }),
      repairGrant(key, 101n, "old", { id: "revoked" }),
      { ...repairGrant(key, 101n, "old", { id: "another-admin" }), adminKeyId: "admin-2" },
      { ...repairGrant(key, 101n, "old", { id: "not-signed" }), signature: new Uint8Array(64) },
      repairGrant(key, 101n, "old", { id: "another-signer", audience: "signer-2" }),
    ];
    for (const grant of without) await adminGrants.install(grant, "test");
    await adminGrants.revoke("revoked", "test");
    const ask = async () =>
      told(await journal.reserve([request(key, 101n, "new"), request(key, 102n, "new")]));
    expect(await ask()).toEqual(["SIGNER_NONCE_CONFLICT", "SIGNER_NONCE_CONFLICT"]);
    await adminGrants.install(fits, "test");
    expect(await ask()).toEqual(["reserved", "SIGNER_NONCE_CONFLICT"]);
  });

  it("is not spent on a payload that is refused for another reason", async () => {
    const [key] = await activeKeys(on.store, "a");
    const { journal, adminGrants, keyRecords } = on.store;
    await journal.reserve([request(key, 101n, "old")]);
    await adminGrants.install(repairGrant(key, 101n, "old"), "test");
    const dear = request(key, 101n, "new", { deposit: 2n, depositPerDay: 1n });
    expect(told(await journal.reserve([dear]))).toEqual(["SIGNER_DAILY_DEPOSIT_EXHAUSTED"]);
    expect(told(await journal.reserve([request(key, 101n, "new")]))).toEqual(["reserved"]);
    await keyRecords.setFloors([{ keyId: "a", nonce: 101n }], "test");
    expect(told(await journal.reserve([request(key, 101n, "new")]))).toEqual(["SIGNER_NONCE_TOO_LOW"]);
  });
});
