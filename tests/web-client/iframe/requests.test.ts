import { Code } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { CountersignError } from "../../../clients/web/src/countersign-error.ts";
import type { WalletProgress } from "../../../clients/web/src/iframe/api.ts";
import { APP, failure, HELLO, OTHER_APP, startGuest } from "./support/embedding.ts";
import { BATCH, CALL } from "./support/requests.ts";
import { ACCOUNT } from "./support/scripted-wallet.ts";

type Batch = { readonly receiverId: string };
const tags = (progress: WalletProgress[]) =>
  progress.map((p) => (p.stage === "relaying" ? `relaying ${p.submissionId} ${p.state}` : p.stage));

describe("an application", () => {
  test("has a batch relayed once the user agrees, and hears how far it is", async () => {
    const guest = startGuest();
    const app = await guest.connected();
    const progress: WalletProgress[] = [];
    const outcome = app.relay(BATCH, { onProgress: (p) => progress.push(p) });
    const question = await guest.screen.next();
    expect(question.origin).toBe(APP);
    expect(question.request).toEqual({
      kind: "near-relay",
      accountId: ACCOUNT,
      network: "testnet",
      receiverId: "guest-book.testnet",
      actions: [{ ...CALL, gas: "30" }],
      warnings: [
        {
          level: "caution",
          code: "UNKNOWN_METHOD",
          text: 'The wallet does not know what "add_message" does.',
        },
      ],
    });
    expect(guest.wallet.calls).toEqual([]);
    question.answer(true);
    expect(await outcome).toEqual({ submissionId: "s1", state: "SUCCEEDED", transactionHash: "9hash" });
    const args = new TextEncoder().encode('{"text":"hi"}');
    expect(guest.wallet.calls.map(({ of }) => of)).toEqual([
      {
        accountId: ACCOUNT,
        receiverId: "guest-book.testnet",
        actions: [
          { kind: "FunctionCall", methodName: "add_message", args, gas: 30_000_000_000_000n, deposit: 0n },
        ],
      },
    ]);
    expect(tags(progress)).toEqual([
      ...["confirming", "signing"],
      ...["relaying s1 ACCEPTED", "relaying s1 SUCCEEDED"],
    ]);
    expect(guest.frames[APP]).toEqual(["show", "hide", "show", "hide"]);
  });

  test.each([false, "yes" as never, new Error("the screen broke")])(
    "gets nothing signed when the answer is %s",
    async (answer) => {
      const guest = startGuest();
      const app = await guest.connected();
      const outcome = failure(app.relay(BATCH));
      (await guest.screen.next()).answer(answer);
      expect(await outcome).toMatchObject({ reason: "DECLINED", code: "permission_denied" });
      expect(guest.wallet.calls).toEqual([]);
    },
  );

  test("hears the relay's reasons, and of the wallet's mistakes only that there was one", async () => {
    const guest = startGuest();
    const app = await guest.connected();
    const failing = async (error: Error) => {
      guest.wallet.deeds.relay = () => Promise.reject(error);
      const outcome = failure(app.relay(BATCH));
      (await guest.screen.next()).answer(true);
      return outcome;
    };
    const reasons = { reason: "BUDGET_EXHAUSTED", code: Code.ResourceExhausted } as const;
    expect(await failing(new CountersignError("no more today", reasons))).toMatchObject({
      ...{ reason: "BUDGET_EXHAUSTED", code: "resource_exhausted", message: "no more today" },
    });
    const mistake = await failing(new Error("the seed is 0123"));
    expect(mistake).toMatchObject({ reason: "INTERNAL", code: "internal" });
    expect(JSON.stringify([mistake, mistake.message])).not.toContain("seed");
    expect(guest.errors.at(-1)?.error.cause).toMatchObject({ message: "the seed is 0123" });
  });

  test("gives up: the request leaves the screen, and the next one has its turn", async () => {
    const guest = startGuest();
    const app = await guest.connected();
    const [first, second, third] = [new AbortController(), new AbortController(), new AbortController()];
    const isQueued = Promise.withResolvers<WalletProgress>();
    const shown = failure(app.relay(BATCH, { signal: first.signal }));
    const queued = failure(app.relay(BATCH, { signal: second.signal, onProgress: isQueued.resolve }));
    const last = app.signNearMessage(
      { accountId: ACCOUNT, message: "hi", nonce: `${"A".repeat(43)}=`, recipient: "app.example" },
      { signal: third.signal },
    );
    const question = await guest.screen.next();
    const gone = new Promise((resolve) => question.signal.addEventListener("abort", resolve));
    expect(await isQueued.promise).toEqual({ stage: "queued" });
    second.abort();
    expect(await queued).toMatchObject({ reason: "CANCELLED", code: "canceled" });
    first.abort();
    expect(await shown).toMatchObject({ reason: "CANCELLED" });
    await gone;
    const next = await guest.screen.next();
    expect(next.request).toMatchObject({ kind: "near-message", warnings: [] });
    // Too late for the first one.
    question.answer(true);
    next.answer(true);
    expect(await last).toMatchObject({ accountId: ACCOUNT, publicKey: expect.stringMatching(/^ed25519:/) });
    expect(guest.wallet.calls.map(({ method }) => method)).toEqual(["signMessage"]);
    expect(guest.screen.count).toBe(3);
  });

  test("gives up while the wallet works: the wallet hears it", async () => {
    const guest = startGuest();
    const app = await guest.connected();
    const heard = Promise.withResolvers<void>();
    guest.wallet.deeds.relay = (signal) => {
      signal?.addEventListener("abort", () => heard.resolve());
      return new Promise(() => undefined);
    };
    const controller = new AbortController();
    const outcome = failure(
      app.relay(BATCH, {
        signal: controller.signal,
        onProgress: ({ stage }) => stage === "signing" && controller.abort(),
      }),
    );
    (await guest.screen.next()).answer(true);
    expect(await outcome).toMatchObject({ reason: "CANCELLED" });
    await heard.promise;
  });
});

describe("two applications", () => {
  test("whose requests come at once are asked about one after the other, and get their own answers", async () => {
    const guest = startGuest();
    const app = await guest.connected(APP);
    const other = await guest.connected(OTHER_APP);
    const receivers = Array.from({ length: 6 }, (_, i) => `r${i}.testnet`);
    const outcomes = receivers.map((receiverId, i) =>
      (i % 2 === 0 ? app : other)
        .signNearTransactions({ accountId: ACCOUNT, transactions: [{ receiverId, actions: [CALL] }] })
        .catch(({ reason }) => reason),
    );
    // Of two ports nobody knows which one is heard first.
    for (const _ of receivers) {
      const question = await guest.screen.next();
      const { request } = question;
      const [shown] = request?.kind === "near-transactions" ? request.transactions : [];
      const i = receivers.indexOf(shown?.receiverId ?? "");
      expect(question.origin).toBe(i % 2 === 0 ? APP : OTHER_APP);
      expect(guest.screen.open).toBe(1);
      question.answer(i % 3 !== 0);
    }
    const signed = ["AP8="];
    const expected = receivers.map((_, i) => (i % 3 === 0 ? "DECLINED" : signed));
    expect(await Promise.all(outcomes)).toEqual(expected);
    const asked = guest.wallet.calls.map(({ of }) => (of as { transactions: Batch[] }).transactions);
    expect(asked.map(([batch]) => batch?.receiverId).sort()).toEqual([1, 2, 4, 5].map((i) => receivers[i]));
  });

  test("cannot end each other's requests: a cancel means those of its own port", async () => {
    const guest = startGuest();
    const app = await guest.connected(APP);
    const outcome = app.relay(BATCH);
    const question = await guest.screen.next();
    const port = guest.post(HELLO, { origin: OTHER_APP });
    for (let id = 0; id < 10; id++) port.postMessage(JSON.stringify({ type: "cancel", id }));
    port.postMessage(JSON.stringify({ type: "request", id: 1, method: "disconnect", params: {} }));
    const answered = new Promise<void>((resolve) => {
      port.on("message", (data) => JSON.parse(data).type === "answer" && resolve());
    });
    await answered;
    expect(question.signal.aborted).toBe(false);
    question.answer(true);
    expect(await outcome).toMatchObject({ state: "SUCCEEDED" });
  });
});
