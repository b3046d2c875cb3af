import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { expect, it } from "vitest";
import { activeKeys, newKey, repairGrant, request, told } from "./builders.ts";
import { at, overStores } from "./stores.ts";

overStores("the store of grants and nonces", (on) => {
  it("gives admin grants back as they were installed", async () => {
    const { adminGrants } = on.store;
    const repair = repairGrant(newKey("a"), 2n ** 64n - 1n, "old");
    const allows = {
      kind: "key_management",
      network: "testnet",
      accountId: "relayer.testnet",
      mayAdd: true,
      mayDelete: false,
    } as const;
    const standing = { ...repair, grant: { ...repair.grant, id: "a-standing-one", allows } };
    for (const grant of [repair, standing, repair]) await adminGrants.install(grant, "ops");
    const kept = [standing, repair].map((grant) => ({
      ...grant,
      grantBytes: Uint8Array.from(grant.grantBytes),
      signature: Uint8Array.from(grant.signature),
      revoked: false,
      used: false,
    }));
    expect(await adminGrants.list()).toEqual(kept);
  });

  it("refuses another admin grant under a known id, and keeps a revoked one revoked", async () => {
    const { adminGrants } = on.store;
    const grant = repairGrant(newKey("a"), 7n, "old");
    await adminGrants.install(grant, "ops");
    const reason = ErrorReason.ADMIN_GRANT_INVALID;
    const other = { ...grant, grantBytes: Buffer.from("other bytes") };
    await expect(adminGrants.install(other, "ops")).rejects.toMatchObject({ reason });
    expect(await adminGrants.revoke("repair-1", "ops")).toMatchObject({ revoked: true });
    await adminGrants.revoke("repair-1", "ops");
    expect(await adminGrants.install(grant, "ops")).toMatchObject({ revoked: true });
    const notFound = ErrorReason.ADMIN_GRANT_NOT_FOUND;
    await expect(adminGrants.revoke("repair-2", "ops")).rejects.toMatchObject({ reason: notFound });
    const kinds = await on.engine.read((db) =>
      db.selectFrom("audit_entries").select("kind").orderBy("sequence").execute(),
    );
    expect(kinds.map(({ kind }) => kind)).toEqual(["admin grant installed", "admin grant revoked"]);
  });

  it("lets a request's nonce be claimed once for each key, by one of many", async () => {
    const { requestNonces } = on.store;
    const claims = await Promise.all(
      Array.from({ length: 10 }, () => requestNonces.claim("hmac-1", "n", at(1))),
    );
    expect(claims.filter((first) => first)).toHaveLength(1);
    expect(await requestNonces.claim("hmac-2", "n", at(1))).toBe(true);
  });

  it("forgets grants and nonces only some time after they have expired", async () => {
    const [key] = await activeKeys(on.store, "a");
    const { journal, requestNonces } = on.store;
    const first = request(key, 101n, "x");
    await journal.reserve([first]);
    await requestNonces.claim("hmac-1", "n", at(60_000));

    on.home.setTime(at(60_000 + 600_000));
    await on.store.prune();
    expect(await requestNonces.claim("hmac-1", "n", at(60_000))).toBe(false);
    expect(told(await journal.reserve([first]))).toEqual(["SIGNER_GRANT_USED"]);

    on.home.setTime(at(60_000 + 600_001));
    await on.store.prune();
    expect(await requestNonces.claim("hmac-1", "n", at(60_000))).toBe(true);
    expect(told(await journal.reserve([first]))).toEqual(["reserved"]);
  });
});
