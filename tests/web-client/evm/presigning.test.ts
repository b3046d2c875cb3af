import { Code } from "@connectrpc/connect";
import { HEADER_SIZE } from "@countersign/crypto/ot-ecdsa/framing.ts";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { errorOf } from "@countersign/web";
import { recoverMessageAddress } from "viem";
import { describe, expect, it, vi } from "vitest";
import type { EvmAccount } from "../../../clients/web/src/evm/evm-account.ts";
import { bareError, refusal } from "../scripted-relay.ts";
import { ACCOUNT } from "../wallet/support/node-wallet.ts";
import type { Deed } from "../wallet/support/wallet-relay.ts";
import { type EvmWorld, evmWorldWithKey, startEvmWorld } from "./support/evm-wallet.ts";

const failed = () => expect.fail("it should have failed");
const LOST = bareError(Code.Unavailable);
const hello = (account: EvmAccount, message = "hello") => account.signMessage({ message });

async function expectSigned(account: EvmAccount, message = "hello"): Promise<void> {
  const signature = await hello(account, message);
  expect(await recoverMessageAddress({ message, signature })).toBe(account.address);
}

/** Does the right thing and loses its answer, for the first `count` calls. */
const losing =
  (count: number): Deed =>
  async (honest, _, nth) => {
    const answer = await honest();
    if (nth <= count) throw LOST;
    return answer;
  };
/** Fails with a reason in place of doing anything, for the first `count` calls. */
const refusing =
  (reason: keyof typeof ErrorReason, count = Number.POSITIVE_INFINITY): Deed =>
  (honest, _, nth) => {
    if (nth <= count) throw refusal(ErrorReason[reason], 10);
    return honest();
  };
/** With the last bit changed. */
const flipped = (bytes: Uint8Array) => bytes.map((byte, i) => (i === bytes.length - 1 ? byte ^ 1 : byte));
/** The pool's filling is over: both sides hold what they want to. */
const filled = (world: EvmWorld & { keyId: string }) =>
  vi.waitFor(
    async () => {
      expect(world.half.pool.size).toBe(world.half.capacity);
      expect(await world.store.ids(world.keyId)).toHaveLength(world.half.capacity);
    },
    { timeout: 30_000 },
  );
const methods = (world: EvmWorld) =>
  world.relay.calls.map(({ method }) => method).filter((name) => /^(presign|signEcdsa)/.test(name));

/** A wallet whose presigning does what `deeds` say from the first call on. */
async function withDeeds(deeds: EvmWorld["relay"]["deeds"]) {
  const world = await startEvmWorld();
  Object.assign(world.relay.deeds, deeds);
  const { account, key } = await world.wallet.evm.bootstrap({ accountId: ACCOUNT });
  return { ...world, account, keyId: key.keyId };
}

describe("a presignature", { timeout: 60_000 }, () => {
  it("takes five calls, and a signature two after its authorisation", async () => {
    const world = await startEvmWorld();
    world.half.capacity = 1;
    const { account, key } = await world.wallet.evm.bootstrap({ accountId: ACCOUNT });
    await filled({ ...world, keyId: key.keyId });
    expect(methods(world)).toEqual(["presignInit", ...Array(4).fill("presignStep")]);
    world.half.capacity = 0;
    await expectSigned(account);
    expect(methods(world).slice(5)).toEqual(["signEcdsaInit", "signEcdsaFinalize"]);
  });

  it("goes on when a step's answer is lost once: the identical call is repeated", async () => {
    const world = await withDeeds({ presignStep: losing(1) });
    await expectSigned(world.account);
    const [first, second] = world.relay.of("presignStep").map(({ request }) => JSON.stringify(request));
    expect(second).toBe(first);
  });

  it("is given up when the repetition's answer is lost, too: another run has other messages", async () => {
    const world = await withDeeds({ presignStep: losing(2) });
    await expectSigned(world.account);
    const [first, second, third] = world.relay.of("presignStep").map(({ request }) => request);
    expect([second.presignSessionId, third.presignSessionId]).toEqual([
      first.presignSessionId,
      expect.not.stringMatching(first.presignSessionId),
    ]);
    expect(Buffer.from(third.messages[0].data)).not.toEqual(Buffer.from(first.messages[0].data));
  });

  it("is given up when PresignInit's answer is lost, and another one is begun", async () => {
    const world = await withDeeds({ presignInit: losing(1) });
    await expectSigned(world.account);
    const [first, second] = world.relay.of("presignInit").map(({ request }) => request.messages[0].data);
    expect(Buffer.from(second)).not.toEqual(Buffer.from(first));
  });

  it.each<keyof typeof ErrorReason>(["STALE_SESSION_STATE", "PRESIGN_SESSION_INVALID"])(
    "is begun anew after %s",
    async (reason) => {
      const world = await withDeeds({ presignStep: refusing(reason, 1) });
      await expectSigned(world.account);
      const sessions = world.relay.of("presignStep").map(({ request }) => request.presignSessionId);
      expect(sessions.filter((id) => id === sessions[0])).toHaveLength(1);
    },
  );

  it("waits for a signer that has no room", async () => {
    const world = await withDeeds({ presignInit: refusing("PRESIGN_BUSY", 2) });
    await expectSigned(world.account);
    expect(world.clock.waits.filter((ms) => ms >= 10 && ms < 2000)).toHaveLength(2);
  });

  it.each<[keyof typeof ErrorReason, number]>([
    ["PRESIGN_SESSION_INVALID", 4],
    ["STALE_SESSION_STATE", 4],
    ["PRESIGN_ABORTED", 1],
    ["PRESIGN_BUDGET_EXHAUSTED", 1],
    ["PRESIGN_SESSION_SCOPE_MISMATCH", 1],
  ])("that always ends with %s ends the signature with it, after %i runs", async (reason, runs) => {
    const world = await withDeeds({ getPresignaturePool: refusing("LEDGER_UNAVAILABLE", 0) });
    // The filling of the beginning is over first.
    await filled(world);
    for (const id of await world.store.ids(world.keyId)) await world.store.forget(world.keyId, [id]);
    world.half.pool.clear();
    const before = world.relay.of("presignInit").length;
    world.relay.deeds.presignStep = refusing(reason);
    expect(await hello(world.account).then(failed, errorOf)).toMatchObject({ reason });
    expect(world.relay.of("presignInit").length - before).toBe(runs);
    expect(world.relay.of("signEcdsaInit")).toEqual([]);
  });

  it.each([1, 2, 3, 4])(
    "with every byte of a message changed in the answer to step %i is burnt by one of the two",
    async (nth) => {
      const world = await withDeeds({
        presignStep: async (honest, _, count) => {
          const answer = await honest();
          if (count !== nth) return answer;
          const [first, ...others] = answer.messages;
          // Of two offers of an oblivious transfer one is never read: a single byte may not matter.
          const data = first.data.map((byte: number, i: number) => (i < HEADER_SIZE ? byte : byte ^ 1));
          return { ...answer, messages: [{ ...first, data }, ...others] };
        },
      });
      expect(await hello(world.account).then(failed, errorOf)).toMatchObject({ reason: "PRESIGN_ABORTED" });
      expect(await world.store.ids(world.keyId)).toEqual([]);
      expect(world.relay.of("presignInit")).toHaveLength(1);
    },
  );

  it("that the relayer gives another name is not kept", async () => {
    const world = await withDeeds({
      presignStep: async (honest) => {
        const answer = await honest();
        return answer.presignatureId === undefined
          ? answer
          : { ...answer, presignatureId: new Uint8Array(32) };
      },
    });
    expect(await hello(world.account).then(failed, errorOf)).toMatchObject({ reason: "PRESIGN_ABORTED" });
    expect(await world.store.ids(world.keyId)).toEqual([]);
  });
});

describe("the pool", { timeout: 60_000 }, () => {
  it("is filled up in the background, by one filling, whoever asks", async () => {
    const world = await evmWorldWithKey();
    world.half.capacity = 3;
    await Promise.all([1, 2, 3].map((i) => expectSigned(world.account, `${i}`)));
    await filled(world);
    let running = 0;
    let most = 0;
    for (const { method, request } of world.relay.calls) {
      if (method === "presignInit") most = Math.max(most, ++running);
      if (method === "presignStep" && request.version === 4) running--;
    }
    expect(most).toBe(1);
    expect(new Set(world.half.released).size).toBe(3);
  });

  it("leaves the user's calls their room: the filling rests after each presignature", async () => {
    const world = await evmWorldWithKey();
    world.half.capacity = 4;
    await filled(world);
    expect(world.clock.waits).toEqual([2000, 2000, 2000]);
  });

  it("rests no longer once a signature waits for a presignature", async () => {
    const world = await startEvmWorld();
    const rests = vi.spyOn(world.clock, "wait").mockImplementation(
      (_, signal) =>
        new Promise((_resolve, reject) => {
          signal?.addEventListener("abort", () => reject(signal.reason));
        }),
    );
    const { account } = await world.wallet.evm.bootstrap({ accountId: ACCOUNT });
    await vi.waitFor(() => expect(rests).toHaveBeenCalledOnce());
    await expectSigned(account, "the first presignature's");
    await expectSigned(account, "the second presignature's");
    await world.wallet.signOut();
  });

  it("gives each presignature to one signature", async () => {
    const world = await evmWorldWithKey();
    await Promise.all([1, 2, 3, 4, 5, 6].map((i) => expectSigned(world.account, `${i}`)));
    const used = world.relay.of("signEcdsaInit").map(({ request }) => `${request.presignatureId}`);
    expect([used.length, new Set(used).size, new Set(world.half.released).size]).toEqual([6, 6, 6]);
  });

  it("is not filled any more once the user has signed out", async () => {
    const world = await evmWorldWithKey();
    await vi.waitFor(() => expect(world.relay.of("presignInit")).not.toEqual([]));
    await world.wallet.signOut();
    const calls = methods(world).length;
    expect(await hello(world.account).then(failed, errorOf)).toMatchObject({
      reason: "CREDENTIALS_MISSING",
    });
    expect(methods(world).length).toBe(calls);
  });

  it("outlives the page, sealed", async () => {
    const world = await evmWorldWithKey();
    await filled(world);
    world.half.capacity = 0;
    const wallet = world.reload();
    await wallet.resume();
    const runs = world.relay.of("presignInit").length;
    const account = wallet.evm.account(ACCOUNT);
    if (account === undefined) return expect.fail("the key is forgotten");
    await expectSigned(account);
    expect(world.relay.of("presignInit").length).toBe(runs);
  });

  it("forgets what the signer does not have any more, and is filled again", async () => {
    const world = await evmWorldWithKey();
    await filled(world);
    const before = await world.store.ids(world.keyId);
    world.half.pool.clear();
    await expectSigned(world.account);
    await filled(world);
    const after = await world.store.ids(world.keyId);
    expect(after.filter((id) => before.includes(id))).toEqual([]);
  });

  it.each([
    ["signEcdsaInit", "PRESIGNATURE_POOL_EMPTY"],
    ["signEcdsaInit", "PRESIGNATURE_INVALID"],
    ["signEcdsaFinalize", "SIGNING_SESSION_STALE"],
  ] as const)(
    "gives another presignature when %s answers %s, and a third at most",
    async (method, reason) => {
      const world = await evmWorldWithKey();
      world.relay.deeds[method] = refusing(reason, 2);
      await expectSigned(world.account);
      const used = world.relay.of("signEcdsaInit").map(({ request }) => `${request.presignatureId}`);
      expect(new Set(used).size).toBe(3);
      world.relay.deeds[method] = refusing(reason);
      expect(await hello(world.account).then(failed, errorOf)).toMatchObject({ reason });
      expect(world.relay.of("signEcdsaInit")).toHaveLength(6);
    },
  );

  it("that is full of another device's gets room for one, and signs", async () => {
    const world = await evmWorldWithKey();
    await filled(world);
    const ids = await world.store.ids(world.keyId);
    await world.store.forget(world.keyId, ids);
    await expectSigned(world.account);
    const [burnt] = world.relay.of("signEcdsaInit").map(({ request }) => request.presignatureId);
    expect(Buffer.from(burnt).toString("base64url")).toBe(ids[0]);
    expect(world.half.released).toHaveLength(1);
  });

  it("that is full of another device's gets room for several signatures at once", async () => {
    const world = await evmWorldWithKey();
    await filled(world);
    await world.store.forget(world.keyId, await world.store.ids(world.keyId));
    await Promise.all(Array.from({ length: 3 }, () => expectSigned(world.account)));
    expect(world.half.released).toHaveLength(3);
  });
});

describe("a signature", { timeout: 60_000 }, () => {
  it.each(["signEcdsaInit", "signEcdsaFinalize"] as const)(
    "goes on when %s's answers are lost: the identical call is repeated",
    async (method) => {
      const world = await evmWorldWithKey();
      world.relay.deeds[method] = losing(3);
      await expectSigned(world.account);
      const sent = world.relay.of(method).map(({ request }) => JSON.stringify(request));
      expect([sent.length, new Set(sent).size, world.half.released.length]).toEqual([4, 1, 1]);
    },
  );

  it.each<[string, (answer: Record<string, unknown>) => unknown, string]>([
    ["no message", () => ({}), "ROUND_MESSAGE_INVALID"],
    [
      "a message of another phase",
      ({ message }) => ({ message: { ...(message as object), phase: 2 } }),
      "ROUND_MESSAGE_INVALID",
    ],
    [
      "a share with a bit changed",
      ({ message }) => ({
        message: {
          phase: 3,
          data: flipped((message as { data: Uint8Array }).data),
        },
      }),
      "SIGNATURE_SHARE_INVALID",
    ],
    [
      "an empty message",
      () => ({ message: { phase: 3, data: new Uint8Array() } }),
      "SIGNATURE_SHARE_INVALID",
    ],
  ])("that is finished with %s is refused, and its presignature is gone", async (_, tamper, reason) => {
    const world = await evmWorldWithKey();
    world.relay.deeds.signEcdsaFinalize = (honest) => tamper(honest());
    expect(await hello(world.account).then(failed, errorOf)).toMatchObject({ reason, code: Code.DataLoss });
    const [used] = world.relay.of("signEcdsaInit").map(({ request }) => request.presignatureId);
    const held = await world.store.ids(world.keyId);
    expect(held).not.toContain(Buffer.from(used).toString("base64url"));
  });

  it("whose relayer has no entropy is not gone on with", async () => {
    const world = await evmWorldWithKey();
    world.relay.deeds.signEcdsaInit = (honest) => ({ ...honest(), relayerEntropy: new Uint8Array(31) });
    expect(await hello(world.account).then(failed, errorOf)).toMatchObject({
      reason: "ROUND_MESSAGE_INVALID",
    });
    expect(world.relay.of("signEcdsaFinalize")).toEqual([]);
  });

  it("ends when its signal does", async () => {
    const world = await withDeeds({ presignInit: () => new Promise(() => {}) });
    const abort = new AbortController();
    const account = world.wallet.evm.account(ACCOUNT, { signal: abort.signal });
    const signing = account?.signMessage({ message: "hello" }).then(failed, errorOf);
    await vi.waitFor(() => expect(world.relay.of("authorizeEcdsa")).toHaveLength(1));
    abort.abort();
    expect(await signing).toMatchObject({ code: Code.Canceled });
  });
});
