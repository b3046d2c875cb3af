import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { ECDSA_SCHEME, ED25519_SCHEME } from "@countersign/signer-service/threshold/schemes/scheme-ids.ts";
import { expect, it } from "vitest";
import { bytes, configOf, given, openRing, secretOf } from "./rings.ts";

const used = (...pairs: [string, number][]) => ({
  epochsInUse: async () => pairs.map(([network, epoch]) => ({ scheme: ED25519_SCHEME, network, epoch })),
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
  expect(ring.currentEpoch(ED25519_SCHEME, "testnet")).toBe(10);
  expect(ring.epochs(ED25519_SCHEME, "testnet")).toEqual([10, 2, 1]);
  expect(ring.currentEpoch(ED25519_SCHEME, "mainnet")).toBe(7);
  for (const epoch of [1, 2, 10]) expect(secretOf(ring, "testnet", epoch)).toEqual(bytes(epoch));
  expect(told).toHaveLength(4);
});

it("without secrets for a network there is no threshold signing, and without the epoch no secret", async () => {
  const { ring } = await openRing(configOf([given("testnet", 1, 1)]));
  expect(ring.currentEpoch(ED25519_SCHEME, "mainnet")).toBeUndefined();
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
  expect(ring.currentEpoch(ED25519_SCHEME, "testnet")).toBe(1);
  put();
  expect(ring.currentEpoch(ED25519_SCHEME, "testnet")).toBe(2);
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
  ring.use({ scheme: ED25519_SCHEME, network: "testnet", epoch: 1 }, (secret) => {
    kept = secret as typeof kept;
  });
  (await ring.follow({ backends: [] }))();
  expect(kept).toEqual(bytes(0));
  expect(ring.epochs(ED25519_SCHEME, "testnet")).toEqual([]);
});

it("one secret for two networks is refused, whatever it came from", async () => {
  await expect(openRing(configOf([given("testnet", 1, 1), given("mainnet", 1, 1)]))).rejects.toThrow(
    "testnet epoch 1 and mainnet epoch 1 have the same master secret",
  );
});

it("a secret is one scheme's: the other has epochs of its own, and neither may have the other's", async () => {
  const { ring, told } = await openRing(
    configOf([given("testnet", 1, 1), given("testnet", 4, 4, ECDSA_SCHEME)]),
    used(["testnet", 1]),
  );
  expect(ring.epochs(ED25519_SCHEME, "testnet")).toEqual([1]);
  expect(ring.currentEpoch(ECDSA_SCHEME, "testnet")).toBe(4);
  expect(secretOf(ring, "testnet", 4, ECDSA_SCHEME)).toEqual(bytes(4));
  expect(() => secretOf(ring, "testnet", 1, ECDSA_SCHEME)).toThrow(
    `testnet epoch 1 of ${ECDSA_SCHEME} cannot be had now`,
  );
  expect(told).toEqual(["held testnet/1", `held testnet/4/${ECDSA_SCHEME}`]);
  await expect(ring.follow(configOf([given("testnet", 1, 1, ECDSA_SCHEME)]))).rejects.toThrow(
    "testnet epoch 1 is not configured any more",
  );
  await expect(
    ring.follow(configOf([given("testnet", 1, 1), given("testnet", 1, 1, ECDSA_SCHEME)])),
  ).rejects.toThrow(`testnet epoch 1 and testnet epoch 1 of ${ECDSA_SCHEME} have the same master secret`);
});
