import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { expect, it } from "vitest";
import { bytes, configOf, given, openRing, secretOf } from "./rings.ts";

const used = (...pairs: [string, number][]) => ({
  epochsInUse: async () => pairs.map(([network, epoch]) => ({ network, epoch })),
});

it("the highest epoch of a network is its current one, and the others are served", async () => {
  const { ring, told } = await openRing(
    configOf([
      given("testnet", 2, 2),
      given("mainnet", 7, 7),
      given("testnet", 10, 10),
      given("testnet", 1, 1),
    ]),
  );
  expect(ring.currentEpoch("testnet")).toBe(10);
  expect(ring.epochs("testnet")).toEqual([10, 2, 1]);
  expect(ring.currentEpoch("mainnet")).toBe(7);
  for (const epoch of [1, 2, 10]) expect(secretOf(ring, "testnet", epoch)).toEqual(bytes(epoch));
  expect(told).toHaveLength(4);
});

it("without secrets for a network there is no threshold signing, and without the epoch no secret", async () => {
  const { ring } = await openRing(configOf([given("testnet", 1, 1)]));
  expect(ring.currentEpoch("mainnet")).toBeUndefined();
  expect(() => secretOf(ring, "mainnet", 1)).toThrow(
    expect.objectContaining({ reason: ErrorReason.THRESHOLD_DISABLED }),
  );
  expect(() => secretOf(ring, "testnet", 2)).toThrow(
    expect.objectContaining({ reason: ErrorReason.MASTER_SECRET_UNAVAILABLE }),
  );
});

it("a reload brings an epoch for new keys, and the old one stays", async () => {
  const { ring } = await openRing(configOf([given("testnet", 1, 1)]), used(["testnet", 1]));
  const put = await ring.follow(configOf([given("testnet", 1, 1), given("testnet", 2, 2)]));
  expect(ring.currentEpoch("testnet")).toBe(1);
  put();
  expect(ring.currentEpoch("testnet")).toBe(2);
  expect(secretOf(ring, "testnet", 1)).toEqual(bytes(1));
});

it("a secret that keys were made with is neither taken away nor replaced", async () => {
  const { ring } = await openRing(configOf([given("testnet", 1, 1)]), used(["testnet", 1]));
  await expect(ring.follow(configOf([given("testnet", 2, 2)]))).rejects.toThrow(
    "master secret testnet epoch 1 is not configured any more, and keys were made with it",
  );
  await expect(ring.follow({ backends: [] })).rejects.toThrow("is not configured any more");
  await expect(ring.follow(configOf([given("testnet", 1, 9)]))).rejects.toThrow(/epoch 1 is another one/);
  expect(secretOf(ring, "testnet", 1)).toEqual(bytes(1));
});

it("a secret that no key was made with may go, and is wiped", async () => {
  const { ring } = await openRing(configOf([given("testnet", 1, 1)]), used(["mainnet", 1]));
  let kept = bytes(0);
  ring.use("testnet", 1, (secret) => {
    kept = secret as typeof kept;
  });
  (await ring.follow({ backends: [] }))();
  expect(kept).toEqual(bytes(0));
  expect(ring.epochs("testnet")).toEqual([]);
});

it("one secret for two networks is refused, whatever it came from", async () => {
  await expect(openRing(configOf([given("testnet", 1, 1), given("mainnet", 1, 1)]))).rejects.toThrow(
    "testnet epoch 1 and mainnet epoch 1 have the same master secret",
  );
});
