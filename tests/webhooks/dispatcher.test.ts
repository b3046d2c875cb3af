import { fromJsonString } from "@bufbuild/protobuf";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { SubmissionEventSchema } from "@countersign/gen/countersign/relay/v1/submission_event_pb.ts";
import { SubmissionState } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { afterEach, expect, it } from "vitest";
import { at, event, failed } from "../ledger/builders.ts";
import { overEngines } from "../ledger/over-engines.ts";
import { end, withWebhooks } from "./support/builders.ts";
import { HandTime, SEALER, signing, startDispatcher, stopDispatchers } from "./support/dispatch-world.ts";
import { ok, type Received, startReceiver, status } from "./support/receiver.ts";
import { isSignedWith } from "./support/verify.ts";

const idOf = ({ headers }: Received) => String(headers["webhook-id"]);

overEngines("the dispatcher", (on) => {
  afterEach(stopDispatchers);

  const states = async (webhookId: string) => {
    const of = (state: "PENDING" | "DELIVERED" | "DEAD") =>
      on.ledger.listDeliveries({ webhookId, state, limit: 100 });
    const [pending, delivered, dead] = await Promise.all([of("PENDING"), of("DELIVERED"), of("DEAD")]);
    return { pending: pending.length, delivered: delivered.length, dead: dead.length };
  };

  it("posts an end once, signed, as the contract's event", async () => {
    const receiver = await startReceiver();
    const { webhook, secret } = signing("w", { url: `${receiver.url}/hook` });
    await withWebhooks(on.ledger, webhook);
    await end(on.ledger, ["a"]);
    await end(on.ledger, ["b"], (id) => failed(id, "EXPIRED"));
    const time = new HandTime();
    const dispatcher = await startDispatcher(on.ledger, time);
    await dispatcher.tells(2);
    const [a, b] = [...receiver.received].sort((x, y) => idOf(x).localeCompare(idOf(y)));
    if (a === undefined || b === undefined) expect.fail("not all came");
    expect([idOf(a), idOf(b)]).toEqual(["evt_a", "evt_b"]);
    expect(a.headers).toMatchObject({
      "content-type": "application/json",
      "webhook-timestamp": String(Math.floor(time.now().getTime() / 1000)),
    });
    expect(isSignedWith(secret, a) && isSignedWith(secret, b)).toBe(true);
    expect(isSignedWith(secret, { ...a, body: `${a.body} ` })).toBe(false);
    const told = fromJsonString(SubmissionEventSchema, a.body);
    expect(told).toMatchObject({
      id: "evt_a",
      type: "submission.succeeded",
      tenant: "default",
      submission: { id: "sub_a", state: SubmissionState.SUCCEEDED, transaction: { blockHash: "block-510" } },
    });
    expect(told.createTime && timestampDate(told.createTime)).toEqual(at(2_000));
    const { ACCEPTED, SIGNED, BROADCAST, SUCCEEDED } = SubmissionState;
    const passed = told.submission?.transitions.map(({ state }) => state);
    expect(passed).toEqual([ACCEPTED, SIGNED, BROADCAST, SUCCEEDED]);
    expect(JSON.parse(b.body)).toMatchObject({
      type: "submission.expired",
      submission: { state: "SUBMISSION_STATE_EXPIRED", failure: { reason: "ERROR_REASON_DELEGATE_EXPIRED" } },
    });
    expect(await states("w")).toEqual({ pending: 0, delivered: 2, dead: 0 });
    await dispatcher.stop();
    expect(receiver.received.length).toBe(2);
  });

  it("tries again after pauses that grow, heeds Retry-After, and gives up; a redrive begins anew", async () => {
    const receiver = await startReceiver(status(500));
    await withWebhooks(on.ledger, signing("w", { url: receiver.url }).webhook);
    await end(on.ledger, ["a"]);
    const time = new HandTime();
    const dispatcher = await startDispatcher(on.ledger, time);
    await dispatcher.tells(1);
    const due = async () => {
      const [waiting] = await on.ledger.listDeliveries({ webhookId: "w", state: "PENDING", limit: 1 });
      return (waiting?.dueAt?.getTime() ?? 0) - time.now().getTime();
    };
    expect(await due()).toBe(5_000);
    time.skip(4_999);
    expect(await on.ledger.dueWebhooks(time.now())).toEqual([]);
    receiver.answer = status(503, { "retry-after": "100" });
    time.skip(1);
    dispatcher.wake();
    await dispatcher.tells(2);
    expect(await due()).toBe(100_000);
    receiver.answer = status(301, { location: receiver.url });
    time.skip(100_000);
    dispatcher.wake();
    expect(await dispatcher.tells(3)).toMatchObject([
      { attempt: 1, outcome: "failed", why: "it answered with status 500" },
      { attempt: 2, outcome: "failed", why: "it answered with status 503" },
      { attempt: 3, outcome: "dead", why: "it answered with status 301" },
    ]);
    expect(await states("w")).toEqual({ pending: 0, delivered: 0, dead: 1 });
    const [dead] = await on.ledger.listDeliveries({ webhookId: "w", state: "DEAD", limit: 1 });
    expect(dead).toMatchObject({ attempts: 3, lastStatus: 301, lastProblem: "it answered with status 301" });
    expect(receiver.received.length).toBe(3);

    receiver.answer = ok;
    await on.ledger.redriveDeliveries("w", undefined, 10, time.now(), () => event());
    dispatcher.wake();
    expect((await dispatcher.tells(4))[3]).toMatchObject({ attempt: 1, outcome: "delivered" });
    expect(new Set(receiver.received.map(idOf))).toEqual(new Set(["evt_a"]));
    expect(new Set(receiver.received.map(({ body }) => body)).size).toBe(1);
    expect(await states("w")).toEqual({ pending: 0, delivered: 1, dead: 0 });
  });

  it("signs with both secrets while they overlap, and with the new one after", async () => {
    const receiver = await startReceiver();
    const old = signing("w", { url: receiver.url });
    const next = signing("w");
    await withWebhooks(on.ledger, old.webhook);
    const stored = { sealed: next.sealed, createdAt: at(1_000), expiresAt: null };
    await on.ledger.rotateWebhookSecret("default", "w", stored, at(10_000), 3, null, event());
    await end(on.ledger, ["a"]);
    const time = new HandTime();
    const dispatcher = await startDispatcher(on.ledger, time);
    await dispatcher.tells(1);
    const [during] = receiver.received;
    if (during === undefined) expect.fail("nothing came");
    expect([old, next].map(({ secret }) => isSignedWith(secret, during))).toEqual([true, true]);
    time.skip(8_000);
    await end(on.ledger, ["b"]);
    dispatcher.wake();
    const after = (await receiver.got(2))[1];
    if (after === undefined) expect.fail("nothing came");
    expect([old, next].map(({ secret }) => isSignedWith(secret, after))).toEqual([false, true]);
  });

  it("a receiver that does not answer holds up no other", async () => {
    const slow = await startReceiver(() => undefined);
    const quick = await startReceiver();
    await withWebhooks(
      on.ledger,
      signing("slow", { url: slow.url }).webhook,
      signing("quick", { url: quick.url }).webhook,
    );
    const names = Array.from({ length: 40 }, (_, i) => `s${i}`);
    await end(on.ledger, names);
    const dispatcher = await startDispatcher(on.ledger, new HandTime());
    const told = await dispatcher.tells(40);
    expect(new Set(told.map(({ webhookId }) => webhookId))).toEqual(new Set(["quick"]));
    expect(new Set(quick.received.map(idOf)).size).toBe(40);
    expect(slow.received.length).toBeLessThanOrEqual(16);
  });

  it("what runs when the relay stops is given back, and does not count as an attempt", async () => {
    const receiver = await startReceiver(() => undefined);
    await withWebhooks(on.ledger, signing("w", { url: receiver.url }).webhook);
    await end(on.ledger, ["a"]);
    const time = new HandTime();
    const first = await startDispatcher(on.ledger, time);
    await receiver.got(1);
    await first.stop();
    expect(first.told).toEqual([]);
    receiver.answer = ok;
    const second = await startDispatcher(on.ledger, time);
    expect(await second.tells(1)).toMatchObject([{ attempt: 1, outcome: "delivered" }]);
  });

  it("takes over what another one has claimed and not finished, when the lease ends", async () => {
    const receiver = await startReceiver();
    await withWebhooks(on.ledger, signing("w", { url: receiver.url }).webhook);
    await end(on.ledger, ["a"]);
    const time = new HandTime();
    const [claimed] = await on.ledger.claimDeliveries([{ webhookId: "w", limit: 1 }], time.now(), at(32_000));
    expect(claimed).toMatchObject({ submissionId: "sub_a" });
    const dispatcher = await startDispatcher(on.ledger, time);
    time.skip(29_999);
    expect(await on.ledger.dueWebhooks(time.now())).toEqual([]);
    time.skip(1);
    dispatcher.wake();
    expect(await dispatcher.tells(1)).toMatchObject([{ attempt: 2, outcome: "delivered" }]);
  });

  it("two of them share the work, and each end is posted once", async () => {
    const receiver = await startReceiver();
    await withWebhooks(on.ledger, signing("w", { url: receiver.url }).webhook);
    const names = Array.from({ length: 60 }, (_, i) => `s${i}`);
    await end(on.ledger, names);
    const other = on.engine.name === "postgres" ? await on.home.open() : on.ledger;
    const time = new HandTime();
    const both = await Promise.all([on.ledger, other].map((ledger) => startDispatcher(ledger, time)));
    await receiver.got(60);
    await Promise.all(both.map((dispatcher) => dispatcher.stop()));
    expect(receiver.received.map(idOf).sort()).toEqual(names.map((name) => `evt_${name}`).sort());
    expect(await states("w")).toEqual({ pending: 0, delivered: 60, dead: 0 });
  });

  it("nothing is posted while a webhook is paused, to where production may not post, or without a secret", async () => {
    const receiver = await startReceiver();
    const { url } = receiver;
    const unsealed = signing("other").sealed;
    await withWebhooks(
      on.ledger,
      signing("paused", { url, paused: true }).webhook,
      signing("plain", { url }).webhook,
      signing("here", { url: "https://localhost:1024/" }).webhook,
      signing("sealed", { url, secrets: [{ sealed: unsealed, createdAt: at(0), expiresAt: null }] }).webhook,
    );
    await end(on.ledger, ["a"]);
    const strict = await startDispatcher(on.ledger, new HandTime(), { insecure: false });
    const why = new Map((await strict.tells(3)).map((told) => [told.webhookId, told.why]));
    expect(Object.fromEntries(why)).toEqual({
      plain: "its URL must be https://",
      sealed: "its URL must be https://",
      here: "its address is not public",
    });
    await strict.stop();
    const time = new HandTime();
    time.skip(5_000);
    const lax = await startDispatcher(on.ledger, time);
    const told = await lax.tells(3);
    expect(told.find(({ webhookId }) => webhookId === "sealed")?.why).toMatch(/sealing_keys/);
    expect(told.find(({ webhookId }) => webhookId === "plain")?.outcome).toBe("delivered");
    expect(SEALER.open("sealed", unsealed)).toBeUndefined();
    expect(receiver.received.length).toBe(1);
    expect(await states("paused")).toEqual({ pending: 1, delivered: 0, dead: 0 });
  });
});
