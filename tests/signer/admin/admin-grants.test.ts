import { Code } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { signAdminGrant } from "@countersign/signer-service/grants/admin-grant-signature.ts";
import { expect, it } from "vitest";
import { AUDIENCE, configuredKey, NETWORK, startAdmin } from "./support/admin-world.ts";
import { failureOf } from "./support/failures.ts";
import { placeOf } from "./support/memory-backend.ts";

const allows = {
  kind: "key_management",
  network: NETWORK,
  accountId: "relay.near",
  mayAdd: true,
  mayDelete: false,
} as const;

async function start() {
  const signer = await startAdmin({ places: { hsm: placeOf("a") }, keys: [configuredKey("a")] });
  const grantOf = (id: string, audience = AUDIENCE) => {
    const notBefore = new Date();
    const expiresAt = new Date(notBefore.getTime() + 3_600_000);
    const grant = { id, audience, notBefore, expiresAt, allows };
    const { grantBytes, ...rest } = signAdminGrant(grant, "ops", signer.adminKey);
    return { grant: grantBytes, ...rest };
  };
  return { ...signer, grantOf };
}

it("keeps an admin grant once, lists it, and revokes it for good", async () => {
  const { client, grantOf, logged } = await start();
  const grant = grantOf("rotate-1");
  const { grant: kept } = await client.installAdminGrant({ grant });
  expect(kept).toMatchObject({
    grant: { id: "rotate-1", audience: AUDIENCE, grant: { case: "keyManagement", value: { mayAdd: true } } },
    adminKeyId: "ops",
    revoked: false,
  });
  await client.installAdminGrant({ grant });
  expect((await client.listAdminGrants({})).grants).toHaveLength(1);
  expect((await client.revokeAdminGrant({ id: "rotate-1" })).grant?.revoked).toBe(true);
  expect((await client.listAdminGrants({})).grants).toMatchObject([{ revoked: true }]);
  expect(logged()).toContain('"admin_grant":"rotate-1","change":"revoked","actor":"unix"');
});

it("refuses grants that were altered, are for another signer, or are none, and keeps nothing", async () => {
  const { client, grantOf } = await start();
  const good = grantOf("g");
  const altered = { ...good, signature: good.signature.map((byte, i) => (i === 0 ? byte ^ 1 : byte)) };
  for (const grant of [altered, grantOf("g", "another"), { ...good, adminKeyId: "nobody" }]) {
    expect(await failureOf(client.installAdminGrant({ grant }))).toMatchObject({
      code: Code.PermissionDenied,
      reason: ErrorReason.ADMIN_GRANT_INVALID,
    });
  }
  expect((await client.listAdminGrants({})).grants).toEqual([]);
  expect((await failureOf(client.revokeAdminGrant({ id: "g" }))).reason).toBe(
    ErrorReason.ADMIN_GRANT_NOT_FOUND,
  );
});
