import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import { signAdminGrant } from "@countersign/signer-service/grants/admin-grant-signature.ts";
import type { AdminGrant } from "@countersign/signer-service/grants/admin-grants.ts";
import type { KeyCheck } from "@countersign/signer-service/keys/account-standing.ts";
import type { SignerStore } from "@countersign/signer-service/store/signer-store.ts";
import { expect, it } from "vitest";
import { adminKey } from "../journal/admin-key.ts";
import { newKey } from "../journal/builders.ts";
import { at, overStores } from "../journal/stores.ts";

const ACCOUNT = ["testnet", "relayer.testnet"] as const;
const allowed: KeyCheck = () => ({ admin_grant: "g" });
const refusal = new DomainError(ErrorReason.SIGNER_POLICY_DENIED, "too many");
/** Lets an account have so many keys. */
const atMost =
  (limit: number): KeyCheck =>
  ({ keys, claimed }) => {
    if (keys.length + claimed.length >= limit) throw refusal;
    return {};
  };

async function install({ adminGrants }: SignerStore, id: string): Promise<void> {
  const allows = { kind: "key_management", network: "testnet", accountId: ACCOUNT[1] } as const;
  const grant: AdminGrant = {
    ...{ id, audience: "signer-1", notBefore: at(0), expiresAt: at(9_999_999) },
    allows: { ...allows, mayAdd: true, mayDelete: true },
  };
  await adminGrants.install({ grant, ...signAdminGrant(grant, "alice", adminKey) }, "ops");
}

const names = (keyId: string) => ({ keyId, network: ACCOUNT[0], accountId: ACCOUNT[1] });

overStores("keys that are made for relays", (on) => {
  it("are no more than a check allows, however many signers make them at once", async () => {
    await install(on.store, "g");
    const stores = on.home.shared ? [on.store, (await on.home.open()).store] : [on.store];
    const claims = Array.from({ length: 12 }, (_, i) =>
      stores[i % stores.length]?.keyRecords.claim(names(`k-${i}`), atMost(3)),
    );
    const results = await Promise.allSettled(claims);
    const refused = results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
    expect(refused).toEqual(Array(9).fill(refusal));
    expect((await on.store.keyRecords.standing(...ACCOUNT)).claimed).toHaveLength(3);
  });

  it("are made by one signer, until it has given up or five minutes are over", async () => {
    await install(on.store, "g");
    await on.store.keyRecords.claim(names("k"), allowed);
    await on.store.keyRecords.claim(names("k"), allowed);
    if (!on.home.shared) return;
    const { keyRecords } = (await on.home.open()).store;
    const reason = ErrorReason.RELOAD_RUNNING;
    await keyRecords.disclaim("k");
    await expect(keyRecords.claim(names("k"), allowed)).rejects.toMatchObject({ reason });
    on.home.setTime(at(300_000));
    expect((await keyRecords.standing(...ACCOUNT)).claimed).toEqual([]);
    await keyRecords.claim(names("k"), allowed);
    await keyRecords.disclaim("k");
    await on.store.keyRecords.claim(names("k"), allowed);
  });

  it("are known as such while the store's life lasts, and in the audit with their grant", async () => {
    await install(on.store, "g");
    const { keyRecords } = on.store;
    const detail = await keyRecords.claim(names("k"), allowed);
    await keyRecords.enterMade(newKey("k").record, "relay:r", detail);
    await keyRecords.enter([newKey("operators").record], "ops");
    const standing = await keyRecords.standing(...ACCOUNT);
    expect(standing.claimed).toEqual([]);
    const known = Object.fromEntries(standing.keys.map((key) => [key.keyId, key]));
    expect(known).toMatchObject({ k: { madeAt: at(0), isMadeInThisLife: true } });
    expect(known).toMatchObject({ operators: { madeAt: null, isMadeInThisLife: false } });
    const [entered] = await on.engine.read((db) =>
      db.selectFrom("audit_entries").select(["actor", "detail"]).where("key_id", "=", "k").execute(),
    );
    expect(entered).toMatchObject({ actor: "relay:r", detail: expect.stringContaining('"admin_grant":"g"') });

    await on.home.execute("insert into store_identity values (1, 'another life', '', 0)");
    const later = await keyRecords.standing(...ACCOUNT);
    expect(later.keys.filter((key) => key.isMadeInThisLife)).toEqual([]);
  });

  it("see grants of keys that are not revoked, and no other account's keys", async () => {
    for (const id of ["g", "h"]) await install(on.store, id);
    await on.store.adminGrants.revoke("g", "ops");
    await on.store.keyRecords.enter([{ ...newKey("k").record, accountId: "bob.testnet" }], "ops");
    const { keys, grants } = await on.store.keyRecords.standing(...ACCOUNT);
    expect(grants.map(({ grant }) => grant.id)).toEqual(["h"]);
    expect(keys).toEqual([]);
  });

  it("move only where a check agrees, which sees the account as it is", async () => {
    await install(on.store, "g");
    const { keyRecords } = on.store;
    await keyRecords.enter(
      ["a", "b"].map((id) => newKey(id).record),
      "ops",
    );
    await expect(keyRecords.move("a", "ACTIVE", 1n, "relay:r", atMost(2))).rejects.toBe(refusal);
    await keyRecords.move("a", "ACTIVE", 1n, "relay:r", ({ keys }) => {
      expect(keys.map(({ keyId }) => keyId).toSorted()).toEqual(["a", "b"]);
      return { admin_grant: "g" };
    });
    const reason = ErrorReason.SIGNER_KEY_NOT_FOUND;
    await expect(keyRecords.move("c", "ACTIVE", 1n, "relay:r", allowed)).rejects.toMatchObject({ reason });
  });
});
