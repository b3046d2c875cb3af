import { createPublicKey, verify } from "node:crypto";
import { fromBinary } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import {
  Purpose,
  SigningGrantsSchema,
  type SignTransactionsRequest,
} from "@countersign/gen/countersign/signer/v1/relayer_signer_pb.ts";
import { decodeTransaction, transactionHash } from "@countersign/near";
import { seedKey } from "@countersign/server/signing-seed.ts";
import { reasonName, Secret } from "@countersign/service-kit";
import { describe, expect, it } from "vitest";
import { GRANTS, NETWORK, startLaneWorld } from "./support/lane-world.ts";
import { expectLandedOnce, keysAsked, succeeded } from "./support/watching.ts";

const noncesOf = (call: SignTransactionsRequest | undefined) =>
  (call?.transactions ?? []).map(({ transaction }) => decodeTransaction(transaction).nonce);

const all = (reason: ErrorReason) => (nonces: readonly bigint[]) => nonces.map(() => reason);

describe.concurrent("a call to the signer", () => {
  it("carries one grant for each transaction, signed by the relay's grant key, with ids that are never used again", async ({
    onTestFinished,
  }) => {
    const world = await startLaneWorld({ wallets: 2, onTestFinished });
    const { signer } = world;
    signer.answer = (call) => (call === 0 ? "lost" : undefined);
    const ids = [await world.accept(0), await world.accept(1)];
    const before = Date.now();
    world.start();
    await world.until(succeeded(world, 2));

    const seen = new Set<string>();
    const publicKey = createPublicKey(seedKey(GRANTS.seed));
    for (const { network, transactions, grants, grantsSignature } of signer.calls) {
      const signed = Buffer.concat([Buffer.from("countersign signing grants v1"), Buffer.of(0), grants]);
      expect(grantsSignature?.keyId).toBe("grants-1");
      expect(verify(null, signed, publicKey, grantsSignature?.signature ?? new Uint8Array())).toBe(true);
      const said = fromBinary(SigningGrantsSchema, grants);
      expect([said.audience, said.network]).toEqual(["signer.test", network]);
      if (said.expiresAt === undefined) throw new Error("no expiry");
      const aheadMs = timestampMs(said.expiresAt) - before;
      expect(aheadMs).toBeGreaterThanOrEqual(60_000);
      expect(aheadMs).toBeLessThan(5 * 60_000);
      expect(said.grants).toHaveLength(transactions.length);
      for (const [i, grant] of said.grants.entries()) {
        const { keyId, transaction } = transactions[i] ?? { keyId: "", transaction: new Uint8Array() };
        expect(grant).toMatchObject({ keyId, tenant: "acme", purpose: Purpose.DELEGATE });
        expect(ids).toContain(grant.submissionId);
        expect(Buffer.from(grant.payloadHash)).toEqual(Buffer.from(transactionHash(transaction)));
        expect(grant.id).toHaveLength(16);
        seen.add(Buffer.from(grant.id).toString("hex"));
      }
    }
    expect(signer.calls.length).toBeGreaterThan(1);
    const sent = signer.calls.reduce((sum, { transactions }) => sum + transactions.length, 0);
    expect(seen.size).toBe(sent);
    expect(signer.calls[0]?.network).toBe(NETWORK);
  });
});

describe.concurrent("a caller's token", () => {
  it("goes along with its own transaction", async ({ onTestFinished }) => {
    const world = await startLaneWorld({ wallets: 2, onTestFinished });
    const ids = [
      await world.accept(0, { callerCredential: new Secret("header.claims.signature") }),
      await world.accept(1),
    ];
    world.start();
    await world.until(succeeded(world, 2));
    await expectLandedOnce(world, ids);
    const sent = world.signer.calls.flatMap(({ transactions }) => transactions);
    expect(sent.map(({ callerCredential }) => callerCredential)).toEqual(["header.claims.signature", ""]);
  });
});

describe.concurrent("what the signer does not sign", () => {
  it("is asked for with the same bytes when the answer was lost, lands exactly once, and skips no nonce", async ({
    onTestFinished,
  }) => {
    // Pauses of more than a second, after which the relay asks for the chain's head again.
    const world = await startLaneWorld({ wallets: 5, random: () => 4, onTestFinished });
    const { signer, devnet } = world;
    signer.answer = (call) => {
      for (let i = 0; i < 3; i++) devnet.chain.produceBlock();
      return call < 2 ? "lost" : undefined;
    };
    const ids = await Promise.all([0, 1, 2, 3, 4].map((wallet) => world.accept(wallet)));
    world.start();
    await world.until(succeeded(world, 5));
    await expectLandedOnce(world, ids);
    const [first, second, third] = signer.calls;
    for (const again of [second, third]) expect(again?.transactions).toEqual(first?.transactions);
    expect(noncesOf(first)).toHaveLength(5);
  });

  it("stops nothing else of its batch: what is signed goes on, what is final ends, the rest is signed later", async ({
    onTestFinished,
  }) => {
    const world = await startLaneWorld({ wallets: 4, onTestFinished });
    const { signer, ledger } = world;
    signer.answer = (call) =>
      call > 0
        ? undefined
        : () => [
            ErrorReason.INTERNAL,
            undefined,
            ErrorReason.SIGNER_POLICY_DENIED,
            ErrorReason.SIGNER_NONCE_CONFLICT,
          ];
    const ids: string[] = [];
    for (const wallet of [0, 1, 2, 3]) ids.push(await world.accept(wallet));
    const [failing, signed, denied, conflicting] = ids as [string, string, string, string];
    world.start();
    await world.until(succeeded(world, 3));
    expect(world.moves.indexOf(`${signed} SIGNED`)).toBeLessThan(world.moves.indexOf(`${failing} SIGNED`));
    await world.until(() => world.moves.includes(`${denied} REJECTED`));
    const { state, failure } = (await ledger.getSubmission("acme", denied)) ?? {};
    expect({ state, reason: failure?.reason }).toEqual({ state: "REJECTED", reason: "SIGNER_REFUSED" });
    expect(failure?.message).toContain("SIGNER_POLICY_DENIED");
    await expectLandedOnce(world, [failing, signed, conflicting]);
    // Its nonce is behind one that was signed: neither is asked for again.
    const [first, second] = signer.calls.map(noncesOf);
    expect(second).toHaveLength(2);
    for (const nonce of second ?? []) expect(first).not.toContain(nonce);
    expect(world.retries).toEqual(["not signed yet: INTERNAL, SIGNER_NONCE_CONFLICT"]);
  });

  it("for what concerns it alone holds up nothing else of its lane", async ({ onTestFinished }) => {
    // Its pause is weeks long.
    const world = await startLaneWorld({ wallets: 2, random: () => 8_000_000, onTestFinished });
    const { signer } = world;
    signer.answer = (call) => (call === 0 ? all(ErrorReason.SIGNER_SELF_CHECK_FAILED) : undefined);
    await world.accept(0);
    world.start();
    await world.until(() => world.retries.length === 1);
    const id = await world.accept(1);
    await world.until(succeeded(world, 1));
    await expectLandedOnce(world, [id]);
    expect(signer.calls).toHaveLength(2);
  });

  it("fills the window of its lane, which claims no more than it can sign", async ({ onTestFinished }) => {
    const world = await startLaneWorld({ wallets: 30, random: () => 8_000_000, onTestFinished });
    const { signer, ledger } = world;
    signer.answer = () => all(ErrorReason.INTERNAL);
    for (let wallet = 0; wallet < 30; wallet++) await world.accept(wallet);
    const asked = keysAsked(world);
    world.start();
    await world.until(() => asked() === 2);
    const sent = signer.calls.flatMap(({ transactions }) => transactions);
    // Half as many as may be under way are signed beforehand.
    expect(sent).toHaveLength(16 + 8);
    expect((await ledger.stats()).oldestUnclaimedAt).not.toBeNull();
  });

  it("is asked for less and less often, and the chain is not asked for the key's nonce again", async ({
    onTestFinished,
  }) => {
    const world = await startLaneWorld({ wallets: 1, random: () => 0, onTestFinished });
    const { signer } = world;
    signer.answer = (call) => (call < 6 ? all(ErrorReason.SIGNER_BACKEND_UNAVAILABLE) : undefined);
    const id = await world.accept(0);
    world.start();
    await world.until(succeeded(world, 1));
    await expectLandedOnce(world, [id]);
    expect(world.pauses).toEqual([125, 250, 500, 1_000, 1_000, 1_000]);
    expect(world.noncesAsked()).toBe(world.devnet.rpcUrls.length);
  });

  it.for([ErrorReason.SIGNER_NONCE_CONFLICT, ErrorReason.SIGNER_NONCE_TOO_LOW])(
    "for the sake of its nonce (%i) gets another one",
    async (reason, { onTestFinished }) => {
      const world = await startLaneWorld({ wallets: 1, onTestFinished });
      const { signer } = world;
      signer.answer = (call) => (call < 2 ? all(reason) : undefined);
      const id = await world.accept(0);
      world.start();
      await world.until(succeeded(world, 1));
      await expectLandedOnce(world, [id]);
      const nonces = signer.calls.flatMap(noncesOf);
      expect(nonces).toHaveLength(3);
      expect(new Set(nonces).size).toBe(3);
      expect(nonces.toSorted()).toEqual(nonces);
      // Somebody else may use the key: the chain says how far.
      expect(world.noncesAsked()).toBe(3 * world.devnet.rpcUrls.length);
    },
  );

  it.for([
    ErrorReason.SIGNER_BACKEND_UNAVAILABLE,
    ErrorReason.SIGNER_JOURNAL_LOCKED,
    ErrorReason.SIGNER_GRANT_INVALID,
    ErrorReason.INTERNAL,
  ])(
    "for a passing reason (%i) keeps its nonce however often it is asked for, one call for each pause",
    async (reason, { onTestFinished }) => {
      const world = await startLaneWorld({ wallets: 3, random: () => 0, onTestFinished });
      const { signer } = world;
      signer.answer = (call) => (call < 10 ? all(reason) : undefined);
      const ids = await Promise.all([0, 1, 2].map((wallet) => world.accept(wallet)));
      world.start();
      await world.until(succeeded(world, 3));
      await expectLandedOnce(world, ids);
      expect(world.retries).toEqual(Array(10).fill(`not signed yet: ${reasonName(reason)}`));
      expect(signer.calls.map(({ transactions }) => transactions.length)).toEqual(Array(11).fill(3));
      expect(new Set(signer.calls.flatMap(noncesOf)).size).toBe(3);
    },
  );

  it("is not asked for again before its pause is over, whatever else is accepted", async ({
    onTestFinished,
  }) => {
    // The lane's pause is weeks long.
    const world = await startLaneWorld({ wallets: 2, random: () => 8_000_000, onTestFinished });
    const { signer } = world;
    signer.answer = () => all(ErrorReason.RATE_LIMITED);
    await world.accept(0);
    world.start();
    await world.until(() => world.retries.length === 1);
    const asked = keysAsked(world);
    await world.accept(1);
    await world.until(() => asked() === 2);
    expect(signer.calls).toHaveLength(1);
  });

  it("leaves what is not claimed yet to other lanes while the key signs nothing", async ({
    onTestFinished,
  }) => {
    const world = await startLaneWorld({ wallets: 2, random: () => 0, onTestFinished });
    const { signer } = world;
    signer.answer = (call) => (call < 3 ? all(ErrorReason.SIGNER_BACKEND_UNAVAILABLE) : undefined);
    await world.accept(0);
    world.start();
    await world.until(() => world.retries.length === 1);
    await world.accept(1);
    await world.until(succeeded(world, 2));
    expect(signer.calls.slice(0, 4).map(({ transactions }) => transactions.length)).toEqual([1, 1, 1, 1]);
  });

  it("ends when its time is over, and was never signed", async ({ onTestFinished }) => {
    const world = await startLaneWorld({
      wallets: 1,
      random: () => 0,
      blockTimeMs: undefined,
      onTestFinished,
    });
    const { signer, devnet, ledger } = world;
    signer.answer = () => all(ErrorReason.SIGNER_JOURNAL_LOCKED);
    const id = await world.accept(0, { expiresAtHeight: devnet.chain.head.height + 20n });
    world.start();
    await world.until(() => world.retries.length === 2);
    for (let i = 0; i < 30; i++) devnet.chain.produceBlock();
    await world.until(() => world.moves.length === 1);
    expect((await ledger.getSubmission("acme", id))?.failure?.reason).toBe("SUBMISSION_EXPIRED");
    expect(world.moves).toEqual([`${id} REJECTED`]);
    expect(devnet.chain.log).toEqual([]);
  });
});
