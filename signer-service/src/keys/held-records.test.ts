import { parsePublicKey } from "@countersign/near";
import { expect, it } from "vitest";
import { KEY, OTHER_KEY, record } from "../../../tests/signer/support/policy-checks.ts";
import { heldRecords } from "./held-records.ts";
import type { KeyRecord } from "./key-records.ts";

const held = { ...KEY, keyId: "relayer-2" };

const idsOf = async (...known: KeyRecord[]) =>
  (await heldRecords({ list: async () => known }, () => [held])()).map(({ keyId }) => keyId);

it("are those of the keys that are held, whatever else the store knows", async () => {
  const other = record(OTHER_KEY, { keyId: "relayer-3" });
  expect(await idsOf(record(held.publicKey), other)).toEqual(["relayer-2"]);
});

it.each([
  ["another public key", record(OTHER_KEY)],
  ["another account", record(held.publicKey, { accountId: "mallory.testnet" })],
  ["another network", record(held.publicKey, { network: "mainnet" })],
])("are not those in which the store names %s for a key that is held", async (_, altered) => {
  expect(parsePublicKey(altered.publicKey).type).toBe("ed25519");
  expect(await idsOf(altered)).toEqual([]);
});

it("are not those in which the store brings a retired key back, which nobody has opened", async () => {
  const retired = [{ ...held, isRetired: true as const }];
  const idsIn = async (state: KeyRecord["state"]) =>
    (await heldRecords({ list: async () => [record(held.publicKey, { state })] }, () => retired)()).length;
  expect(await idsIn("RETIRED")).toBe(1);
  for (const state of ["PENDING", "ACTIVE", "DRAINED"] as const) expect(await idsIn(state)).toBe(0);
});
