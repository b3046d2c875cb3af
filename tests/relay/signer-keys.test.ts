import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { KeyState } from "@countersign/gen/countersign/signer/v1/relayer_signer_pb.ts";
import { describe, expect, it } from "vitest";
import { makeBlocks } from "../support/block-maker.ts";
import { startLaneWorld } from "./support/lane-world.ts";
import { expectLandedOnce, keysAsked, succeeded } from "./support/watching.ts";

const OTHER_KEY = "ed25519:6E8sCci9badyRkXb3JoRpBj5p8C6Tw41ELDZoiihKEtp";

describe.concurrent("a key with which the signer does not sign", () => {
  it.for([
    { what: "paused", shown: { paused: true } },
    { what: "pending", shown: { state: KeyState.PENDING } },
    { what: "drained", shown: { state: KeyState.DRAINED } },
  ])(
    "because it is $what takes no work, and goes on once it signs",
    async ({ shown }, { onTestFinished }) => {
      const world = await startLaneWorld({ wallets: 2, onTestFinished });
      const { signer, devnet } = world;
      Object.assign(signer, shown);
      const ids = [await world.accept(0), await world.accept(1)];
      const asked = keysAsked(world);
      world.start();
      await world.until(() => asked() === 3);
      expect(signer.calls).toEqual([]);
      expect((await world.ledger.stats()).oldestUnclaimedAt).not.toBeNull();
      expect(devnet.chain.log).toEqual([]);
      Object.assign(signer, { state: KeyState.ACTIVE, paused: false });
      await world.until(succeeded(world, 2));
      await expectLandedOnce(world, ids);
    },
  );

  it.for([
    { what: "drained", reason: ErrorReason.SIGNER_KEY_NOT_ACTIVE, shown: { state: KeyState.DRAINED } },
    { what: "taken out of it", reason: ErrorReason.SIGNER_KEY_NOT_FOUND, shown: { shown: null } },
    {
      what: "another account's",
      reason: ErrorReason.SIGNER_ACCOUNT_MISMATCH,
      shown: { shown: { accountId: "other.test" } },
    },
    {
      what: "on another network",
      reason: ErrorReason.SIGNER_NETWORK_MISMATCH,
      shown: { shown: { network: "other" } },
    },
    {
      what: "another one",
      reason: ErrorReason.SIGNER_PUBLIC_KEY_MISMATCH,
      shown: { shown: { publicKey: OTHER_KEY } },
    },
  ])(
    "because it is now $what gives back what it had claimed and not signed",
    async ({ reason, shown }, { onTestFinished }) => {
      const world = await startLaneWorld({ wallets: 1, random: () => 0, onTestFinished });
      const { signer, ledger } = world;
      signer.answer = () => (nonces) => nonces.map(() => reason);
      const id = await world.accept(0);
      world.start();
      await world.until(() => world.retries.length === 1);
      expect((await ledger.stats()).oldestUnclaimedAt).toBeNull();
      Object.assign(signer, shown);
      while ((await ledger.stats()).oldestUnclaimedAt === null) await new Promise(setImmediate);
      const calls = signer.calls.length;
      signer.answer = () => undefined;
      Object.assign(signer, { state: KeyState.ACTIVE, shown: {} });
      await world.until(succeeded(world, 1));
      await expectLandedOnce(world, [id]);
      expect(signer.calls).toHaveLength(calls + 1);
    },
  );

  it("follows what is signed to its end when it is drained", async ({ onTestFinished }) => {
    const world = await startLaneWorld({ wallets: 2, blockTimeMs: undefined, onTestFinished });
    const { signer, devnet } = world;
    const first = await world.accept(0);
    world.start();
    await world.until(() => world.moves.includes(`${first} BROADCAST`));
    signer.state = KeyState.DRAINED;
    const asked = keysAsked(world);
    await world.until(() => asked() === 2);
    await world.accept(1);
    makeBlocks(devnet);
    await world.until(() => world.moves.includes(`${first} SUCCEEDED`));
    await expectLandedOnce(world, [first]);
    expect(signer.calls).toHaveLength(1);
  });

  it("of a signer from before keys had states signs", async ({ onTestFinished }) => {
    const world = await startLaneWorld({ wallets: 1, onTestFinished });
    world.signer.state = KeyState.UNSPECIFIED;
    const id = await world.accept(0);
    world.start();
    await world.until(succeeded(world, 1));
    await expectLandedOnce(world, [id]);
  });
});
