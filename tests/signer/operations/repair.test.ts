import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { POLICY, signTransfer, transfer, tryTransfer } from "./support/one-key.ts";
import { keystorePlace } from "./support/places.ts";
import { NETWORK, RELAYER } from "./support/relaying.ts";

it("an admin's grant lets another payload have a used nonce once", async () => {
  const operator = await keystorePlace("first");
  operator.configure({ policies: { first: POLICY } });
  await operator.makeAdminKey();
  await operator.start();
  await operator.openKey("first", 0n);
  const key = (await operator.keys()).first?.public_key ?? "";
  const hashOf = (amount: bigint) =>
    createHash("sha256")
      .update(transfer(key, 5n, amount))
      .digest("hex");
  const signed = (amount: bigint) => tryTransfer(operator, key, 5n, amount);
  const conflict = "SIGNER_NONCE_CONFLICT";
  const repair = (id: string, old: bigint, nonce = "5") =>
    operator.installGrant(
      id,
      ...["sign-repair", "--network", NETWORK, "--account", RELAYER, "--public-key", key],
      ...["--nonce", nonce, "--old-payload-hash", hashOf(old)],
    );

  expect(await signed(1n)).toBe("signed");
  expect(await signed(2n)).toBe(conflict);
  await repair("other-nonce", 1n, "6");
  await repair("other-hash", 2n);
  expect(await signed(2n)).toBe(conflict);

  await repair("repair", 1n);
  const first = await signTransfer(operator, key, 5n, 2n);
  expect(first).toHaveProperty("signed");
  // "other-hash" names what now stands there, and that was granted too.
  await operator.admin("admin-grant", "revoke", "other-hash");
  expect(await signed(1n)).toBe(conflict);
  expect(await signed(3n)).toBe(conflict);
  await operator.kill();
  await operator.start();
  expect(await signTransfer(operator, key, 5n, 2n)).toEqual(first);
  expect(await signed(3n)).toBe(conflict);
  expect(await operator.admin("admin-grant", "list")).toMatch(/^repair .* used$/m);

  const entries = await operator.exported("journal");
  expect(entries.map(({ nonce, payloadHash }) => [nonce, payloadHash])).toEqual([
    ["5", hashOf(1n)],
    ["5", hashOf(2n)],
  ]);
  const audit = await operator.exported("audit");
  expect(audit.filter(({ kind }) => kind === "journal repaired")).toHaveLength(1);
  // Installed again, a used grant stays used.
  await operator.admin("admin-grant", "install", operator.file("repair.json"));
  expect(await signed(3n)).toBe(conflict);
});
