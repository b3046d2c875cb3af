import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { SubmissionState, WaitUntil } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { errorFromConnect } from "@countersign/service-kit";
import { expect, it, onTestFinished } from "vitest";
import { createDatabase, postgresUrl } from "../support/postgres.ts";
import { NETWORK, startTestRelay, type TestRelay } from "../support/test-relay.ts";

/** Longer than any call of these tests. */
const FOREVER_MS = 600_000;

async function start(settings: Record<string, string> = {}, ledgerUrl?: string): Promise<TestRelay> {
  const relay = await startTestRelay({ wallets: 4, settings, ...(ledgerUrl && { ledgerUrl }) });
  onTestFinished(() => relay.stop());
  return relay;
}

/** A chain that takes every question and answers none. */
function hang({ devnet }: TestRelay): void {
  for (const { faults } of devnet.endpoints) faults.add({ kind: "latency", ms: FOREVER_MS });
}

function submit({ client }: TestRelay, signedDelegate: Uint8Array, idempotencyKey = "") {
  return client.submitDelegate({
    ...{ network: NETWORK, signedDelegate, idempotencyKey },
    waitUntil: WaitUntil.ACCEPTED,
  });
}

async function delegateOf(relay: TestRelay, wallet: number): Promise<Uint8Array> {
  return (await relay.wallets[wallet]?.delegate()) ?? new Uint8Array();
}

const reasonOf = (error: unknown) => errorFromConnect(error).reason;

it("a repeated call gets the first one's submission while no node answers", async () => {
  const relay = await start({ "near.timeout_ms": String(FOREVER_MS) });
  const signedDelegate = await delegateOf(relay, 0);
  const first = await submit(relay, signedDelegate, "order-1");
  hang(relay);
  // It would wait for the chain for ten minutes.
  expect((await submit(relay, signedDelegate, "order-1")).submission?.id).toBe(first.submission?.id);
});

it("a key that was used for another body is refused while no node answers", async () => {
  const relay = await start({ "near.timeout_ms": String(FOREVER_MS) });
  await submit(relay, await delegateOf(relay, 0), "order-1");
  const other = await delegateOf(relay, 1);
  hang(relay);
  const failing = submit(relay, other, "order-1").then(() => undefined, reasonOf);
  expect(await failing).toBe(ErrorReason.IDEMPOTENCY_KEY_REUSED);
});

it("calls beside each other, equal ones and others, are each accepted once", async () => {
  const relay = await start();
  const [one, other] = [await delegateOf(relay, 0), await delegateOf(relay, 1)];
  const calls = [one, other, one, one, other].map((bytes) => submit(relay, bytes));
  const ids = (await Promise.all(calls)).map(({ submission }) => submission?.id);
  expect(new Set(ids).size).toBe(2);
  expect([ids[2], ids[3], ids[4]]).toEqual([ids[0], ids[0], ids[1]]);
});

it("a delegate that stands on the chain is answered by its first call, and replayed for every other", async () => {
  const relay = await start();
  const signedDelegate = await delegateOf(relay, 0);
  const { submission } = await relay.client.submitDelegate({
    ...{ network: NETWORK, signedDelegate, idempotencyKey: "first" },
    waitUntil: WaitUntil.FINAL,
  });
  expect(submission?.state).toBe(SubmissionState.SUCCEEDED);
  // The chain itself would only say that the nonce is too low.
  expect((await submit(relay, signedDelegate, "first")).submission?.id).toBe(submission?.id);
  const failing = submit(relay, signedDelegate, "second").then(() => undefined, reasonOf);
  expect(await failing).toBe(ErrorReason.DELEGATE_REPLAYED);
  expect(relay.devnet.chain.log).toHaveLength(1);
});

it.skipIf(postgresUrl === undefined)(
  "a repeated call gets the first one's submission while nothing can be written",
  async () => {
    const database = await createDatabase();
    onTestFinished(() => database.drop());
    const relay = await start({}, database.url);
    const [signedDelegate, other] = [await delegateOf(relay, 0), await delegateOf(relay, 1)];
    const first = await submit(relay, signedDelegate, "order-1");
    await database.query("begin");
    await database.query("lock table idempotency in share mode");
    expect((await submit(relay, signedDelegate, "order-1")).submission?.id).toBe(first.submission?.id);
    const waiting = submit(relay, other, "order-2");
    await database.query("commit");
    expect((await waiting).submission?.state).toBe(SubmissionState.ACCEPTED);
  },
);

it("a replay is one while the chain is away", async () => {
  const relay = await start();
  const signedDelegate = await delegateOf(relay, 0);
  await submit(relay, signedDelegate, "first");
  for (const { faults } of relay.devnet.endpoints) faults.add({ kind: "drop_before", methods: ["query"] });
  const failing = submit(relay, signedDelegate, "second").then(() => undefined, reasonOf);
  expect(await failing).toBe(ErrorReason.DELEGATE_REPLAYED);
});

it("each delegate of a call is judged by itself: new, repeated, replayed, and under a used key", async () => {
  const relay = await start();
  const [one, two, three, four] = await Promise.all([0, 1, 2, 3].map((i) => delegateOf(relay, i)));
  if (one === undefined || two === undefined || three === undefined || four === undefined) throw new Error();
  const first = await submit(relay, one, "order-1");
  const second = await submit(relay, two);
  const { results } = await relay.client.submitDelegates({
    network: NETWORK,
    delegates: [
      { signedDelegate: three },
      { signedDelegate: one, idempotencyKey: "order-1" },
      { signedDelegate: two, idempotencyKey: "order-2" },
      { signedDelegate: four, idempotencyKey: "order-1" },
      { signedDelegate: two },
      { signedDelegate: four },
      { signedDelegate: three },
    ],
    waitUntil: WaitUntil.ACCEPTED,
  });
  const said = results.map(({ result }) =>
    result.case === "submission" ? result.value.id : result.value?.reason,
  );
  expect(said.slice(1, 5)).toEqual([
    first.submission?.id,
    ErrorReason.DELEGATE_REPLAYED,
    ErrorReason.IDEMPOTENCY_KEY_REUSED,
    second.submission?.id,
  ]);
  expect(said[6]).toBe(said[0]);
  expect(new Set([said[0], said[1], said[4], said[5]]).size).toBe(4);
});
