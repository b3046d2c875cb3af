import { Code } from "@connectrpc/connect";
import { Purpose } from "@countersign/gen/countersign/threshold/v1/threshold_pb.ts";
import { errorFromConnect, reasonName } from "@countersign/service-kit";
import type { PresignWork } from "@countersign/signer-service/threshold/ecdsa/presign-work.ts";
import type { ThresholdParts } from "@countersign/signer-service/threshold/threshold-parts.ts";
import { expect, test } from "vitest";
import { outcomeOf } from "../threshold/support/reason.ts";
import { ThresholdWallet } from "../threshold/support/threshold-wallet.ts";
import { EcdsaWallet } from "./support/ecdsa-client.ts";
import { ecdsaSettings, startEcdsaSigner } from "./support/ecdsa-signer.ts";

const DAY_MS = 86_400_000;

interface Options {
  /** The section `threshold.presign`. */
  readonly presign?: Readonly<Record<string, number>>;
  readonly now?: () => Date;
  readonly parts?: (parts: ThresholdParts) => Partial<ThresholdParts>;
}

async function limited({ presign = {}, now, parts = () => ({}) }: Options = {}) {
  const { client } = await startEcdsaSigner({
    threshold: ecdsaSettings({ presign }),
    overrides: { threshold: (real) => ({ ...real, ...parts(real) }), ...(now && { now }) },
  });
  return EcdsaWallet.withKey(client);
}

/** How a first call ends. */
const begun = (wallet: EcdsaWallet, token: string) => outcomeOf(wallet.beginPresign(token));

test("only a session of the key that may sign for EVM makes presignatures, while it holds", async () => {
  let now = Date.now();
  const wallet = await limited({ now: () => new Date(now) });
  const token = await wallet.mint();
  const other = await EcdsaWallet.withKey(wallet.client);
  const mallory = await EcdsaWallet.withKey(wallet.client, { user: "mallory" });
  const near = await ThresholdWallet.withKey(wallet.client);
  expect(await begun(wallet, await other.mint())).toBe("THRESHOLD_SESSION_INVALID");
  expect(await begun(wallet, `cst_${"A".repeat(43)}`)).toBe("THRESHOLD_SESSION_INVALID");
  expect(await begun(mallory, token)).toBe("THRESHOLD_SESSION_INVALID");
  expect(await begun(wallet.with({ caller: mallory.caller }), token)).toBe("THRESHOLD_KEY_NOT_FOUND");
  const call = wallet.presignInitRequest(await wallet.newPresign(), await near.mint());
  const forNear = { ...call, request: { ...call.request, keyId: near.keyId } };
  expect(await outcomeOf(wallet.client.presignInit(forNear))).toBe("THRESHOLD_KEY_NOT_FOUND");
  const nearOnly = await wallet.mint({ purposes: [Purpose.NEAR_TRANSACTION] });
  expect(await begun(wallet, nearOnly)).toBe("THRESHOLD_PURPOSE_NOT_ALLOWED");
  expect(await begun(wallet, await wallet.mint({ purposes: [Purpose.RAW_DIGEST] }))).toBe("answered");
  expect(await begun(wallet, token)).toBe("answered");
  await wallet.client.endThresholdSession({ caller: wallet.caller, request: { token } });
  expect(await begun(wallet, token)).toBe("THRESHOLD_SESSION_INVALID");
  const short = await wallet.mint({ lifetimeSeconds: 10 });
  now += 10_000;
  expect(await begun(wallet, short)).toBe("THRESHOLD_SESSION_EXPIRED");
});

test("a session makes as many as it may, says when it is over, and another one makes more", async () => {
  let now = Date.now();
  const wallet = await limited({ presign: { per_session: 2 }, now: () => new Date(now) });
  const token = await wallet.mint({ lifetimeSeconds: 60 });
  expect([await begun(wallet, token), await begun(wallet, token)]).toEqual(["answered", "answered"]);
  now += 10_000;
  const error = await wallet.beginPresign(token).then(
    () => expect.fail("answered"),
    (error: unknown) => errorFromConnect(error),
  );
  expect(reasonName(error.reason ?? 0)).toBe("PRESIGN_BUDGET_EXHAUSTED");
  expect(error.retryAfterMs).toBe(50_000);
  expect(await begun(wallet, await wallet.mint())).toBe("answered");
});

test("a user makes as many as a day has, with whatever session and key, and is told when the next one begins", async () => {
  let now = Math.floor(Date.now() / DAY_MS) * DAY_MS + 1_000;
  const wallet = await limited({ presign: { per_user_day: 1 }, now: () => new Date(now) });
  const second = await EcdsaWallet.withKey(wallet.client);
  const other = await EcdsaWallet.withKey(wallet.client, { user: "user-2" });
  expect(await begun(wallet, await wallet.mint())).toBe("answered");
  for (const own of [wallet, second]) {
    const error = await own.beginPresign(await own.mint()).then(
      () => expect.fail("answered"),
      (error: unknown) => errorFromConnect(error),
    );
    expect(reasonName(error.reason ?? 0)).toBe("PRESIGN_BUDGET_EXHAUSTED");
    expect(error.retryAfterMs).toBe(DAY_MS - 1_000);
  }
  expect(await begun(other, await other.mint())).toBe("answered");
  now += DAY_MS;
  expect(await begun(wallet, await wallet.mint())).toBe("answered");
});

test("a pool holds as many as it may, those that are being made among them, for a minute", async () => {
  let now = Date.now();
  const wallet = await limited({ presign: { capacity: 2 }, now: () => new Date(now) });
  const token = await wallet.mint();
  await wallet.presign(token);
  expect(await begun(wallet, token)).toBe("answered");
  expect(await begun(wallet, token)).toBe("PRESIGNATURE_POOL_FULL");
  const second = await EcdsaWallet.withKey(wallet.client);
  expect(await begun(second, await second.mint())).toBe("answered");
  now += 60_000;
  expect(await begun(wallet, token)).toBe("answered");
});

test("a failure of the signer's own takes no place in the pool, and a step can be tried again", async () => {
  let failures = 1;
  const wallet = await limited({
    presign: { capacity: 1, refill_below: 1 },
    parts: ({ presignWork }) => ({
      presignWork: {
        advance: async (job) => {
          if (failures-- > 0) throw new Error("the thread has no memory left");
          return presignWork.advance(job);
        },
      },
    }),
  });
  const token = await wallet.mint();
  expect(await begun(wallet, token)).toBe("INTERNAL");
  const presign = await wallet.beginPresign(token);
  failures = 1;
  expect(await outcomeOf(wallet.stepPresign(presign))).toBe("INTERNAL");
  while (presign.presignature === undefined) await wallet.stepPresign(presign);
  expect(await wallet.pool()).toEqual([presign.presignature.id]);
});

test("what another call has gone on from meanwhile is not answered, first call or last", async () => {
  let loses = true;
  const wallet = await limited({
    parts: ({ ecdsa }) => ({
      ecdsa: {
        ...ecdsa,
        stepPresign: async (...step) => !loses && ecdsa.stepPresign(...step),
        finishPresign: async (...step) => !loses && ecdsa.finishPresign(...step),
      },
    }),
  });
  const token = await wallet.mint();
  expect(await begun(wallet, token)).toBe("PRESIGN_ABORTED");
  loses = false;
  const presign = await wallet.beginPresign(token);
  while (presign.presignature === undefined) {
    loses = true;
    expect(await outcomeOf(wallet.client.presignStep(wallet.presignStepRequest(presign)))).toBe(
      "STALE_SESSION_STATE",
    );
    expect(await wallet.pool()).toEqual([]);
    loses = false;
    await wallet.stepPresign(presign);
  }
});

test("as many steps run as there is room for, in total and for one tenant; the others are told to wait", async () => {
  const waiting: (() => void)[] = [];
  let holds = true;
  const wallet = await limited({
    presign: { concurrent: 2, concurrent_per_tenant: 2, concurrent_per_user: 2 },
    parts: ({ presignWork }) => ({
      presignWork: {
        advance: async (job) => {
          if (holds) await new Promise<void>((resolve) => waiting.push(resolve));
          return presignWork.advance(job);
        },
      },
    }),
  });
  const token = await wallet.mint();
  const running = [begun(wallet, token), begun(wallet, token)];
  await expect.poll(() => waiting.length).toBe(2);
  const error = await wallet.beginPresign(token).then(
    () => expect.fail("answered"),
    (error: unknown) => errorFromConnect(error),
  );
  expect(reasonName(error.reason ?? 0)).toBe("PRESIGN_BUSY");
  expect(error.retryAfterMs).toBeGreaterThan(0);
  holds = false;
  for (const resolve of waiting) resolve();
  expect(await Promise.all(running)).toEqual(["answered", "answered"]);
  expect(await begun(wallet, token)).toBe("answered");
});

/** A thread that holds each step until it is let go of. */
function held(presignWork: PresignWork) {
  const waiting: (() => void)[] = [];
  let steps = 0;
  const work: PresignWork = {
    advance: async (job) => {
      steps++;
      await new Promise<void>((resolve) => waiting.push(resolve));
      return presignWork.advance(job);
    },
  };
  return {
    work,
    steps: () => steps,
    isAt: (count: number) => expect.poll(() => waiting.length).toBe(count),
    letGo: () => {
      for (const resolve of waiting.splice(0)) resolve();
    },
  };
}

test("a user takes no more than a user's share of the rooms, by default two, and others have theirs", async () => {
  let thread: ReturnType<typeof held> | undefined;
  const wallet = await limited({
    parts: ({ presignWork }) => {
      thread = held(presignWork);
      return { presignWork: thread.work };
    },
  });
  const other = await EcdsaWallet.withKey(wallet.client, { user: "user-2" });
  const [token, others] = [await wallet.mint(), await other.mint()];
  const running = [begun(wallet, token), begun(wallet, token)];
  await thread?.isAt(2);
  const error = await wallet.beginPresign(token).then(
    () => expect.fail("answered"),
    (error: unknown) => errorFromConnect(error),
  );
  expect(error).toMatchObject({ code: Code.ResourceExhausted, message: expect.stringContaining("user") });
  expect(error.retryAfterMs).toBeGreaterThan(0);
  running.push(begun(other, others));
  await thread?.isAt(3);
  thread?.letGo();
  expect(await Promise.all(running)).toEqual(["answered", "answered", "answered"]);
});

test.each(["identical", "other"] as const)(
  "a step is computed once while the %s flight waits for it",
  async (which) => {
    let thread: ReturnType<typeof held> | undefined;
    let holds = false;
    const wallet = await limited({
      parts: ({ presignWork }) => {
        thread = held(presignWork);
        const { work } = thread;
        return { presignWork: { advance: (job) => (holds ? work : presignWork).advance(job) } };
      },
    });
    const presign = await wallet.beginPresign(await wallet.mint());
    const call = wallet.presignStepRequest(presign);
    const messages = which === "other" ? call.request.messages.toReversed() : call.request.messages;
    holds = true;
    const first = wallet.client.presignStep(call);
    await thread?.isAt(1);
    const second = wallet.client.presignStep({ ...call, request: { ...call.request, messages } });
    const outcome = outcomeOf(second);
    // Long enough for it to get to the thread, if it did.
    await wallet.pool();
    await wallet.pool();
    thread?.letGo();
    const { response } = await first;
    if (which === "identical") expect((await second).response).toEqual(response);
    expect(await outcome).toBe(which === "identical" ? "answered" : "PRESIGN_ABORTED");
    expect(thread?.steps()).toBe(1);
  },
);
