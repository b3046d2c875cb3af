import type { DelegateResult } from "@countersign/gen/countersign/relay/v1/relay_pb.ts";
import { SubmissionStateSchema, WaitUntil } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { createApp } from "@countersign/server/app.ts";
import { createLogger, reasonName } from "@countersign/service-kit";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type LedgerEngine, ledgerEngines, startRelayWorld } from "../support/relay-world.ts";
import type { RelayClient } from "../support/submitting.ts";
import {
  NETWORK,
  relayClient,
  startTestRelay,
  type TestRelay,
  UNBOUNDED_RATES,
} from "../support/test-relay.ts";
import { TestWallet } from "../support/test-wallet.ts";

interface Delegate {
  readonly signedDelegate: Uint8Array;
  readonly idempotencyKey?: string;
}

const MANY = 64;
const PATIENT = { timeout: 60_000 };

async function delegatesOf(wallet: TestWallet, count: number): Promise<Delegate[]> {
  const delegates: Delegate[] = [];
  for (let i = 0; i < count; i++) delegates.push({ signedDelegate: await wallet.delegate() });
  return delegates;
}

async function submit(
  client: RelayClient,
  delegates: readonly Delegate[],
  waitUntil: WaitUntil = WaitUntil.ACCEPTED,
): Promise<DelegateResult[]> {
  return (await client.submitDelegates({ network: NETWORK, delegates: [...delegates], waitUntil })).results;
}

/** The submission's id, or the refusal's reason. */
function said({ result }: DelegateResult): string {
  if (result.case === "submission") return result.value.id;
  return result.case === "refusal" ? reasonName(result.value.reason) : "nothing";
}

function states(results: readonly DelegateResult[]): string[] {
  return results.map((one) =>
    one.result.case === "submission"
      ? (SubmissionStateSchema.value[one.result.value.state]?.localName ?? "unknown")
      : said(one),
  );
}

/** Two relays on one ledger where the engine allows it, else one twice. */
async function twoRelays(engine: LedgerEngine) {
  const world = await startRelayWorld({ engine, wallets: MANY });
  onTestFinished(() => world.stop());
  const start = async () => {
    const app = await createApp(world.config, { log: createLogger("relay", "error") });
    onTestFinished(() => app.stop());
    return relayClient(app.address);
  };
  const first = await start();
  return { world, clients: [first, engine === "postgres" ? await start() : first] as const };
}

describe("submitting several delegates", () => {
  let relay: TestRelay;
  beforeAll(async () => {
    relay = await startTestRelay({ wallets: 12, settings: { "limits.max_open_submissions": "1000" } });
  });
  afterAll(() => relay.stop());
  const wallet = (i: number) => relay.wallets[i] ?? expect.fail("no wallet");

  it("decides each on its own, in the order of the request", async () => {
    const [good, other] = [...(await delegatesOf(wallet(0), 1)), ...(await delegatesOf(wallet(1), 1))];
    if (good === undefined || other === undefined) throw new Error("two were made");
    const expired = { signedDelegate: await wallet(2).delegate({ maxBlockHeight: 5n }) };
    const stranger = { signedDelegate: await new TestWallet("nobody.test").delegate() };
    const results = await submit(
      relay.client,
      [expired, good, { signedDelegate: new Uint8Array([9]) }, stranger, other],
      WaitUntil.FINAL,
    );
    expect(states(results)).toEqual([
      "DELEGATE_EXPIRED",
      "SUCCEEDED",
      "DELEGATE_MALFORMED",
      "SENDER_NOT_FOUND",
      "SUCCEEDED",
    ]);
  });

  it("accepts a delegate that is sent several times once, and tells each of its submission", async () => {
    const [one] = await delegatesOf(wallet(3), 1);
    if (one === undefined) throw new Error("one was made");
    const keyed = { ...one, idempotencyKey: "of-another-call" };
    const results = (await submit(relay.client, [one, one, keyed, one])).map(said);
    expect(results).toEqual([results[0], results[0], "DELEGATE_REPLAYED", results[0]]);
    expect((await submit(relay.client, [one])).map(said)).toEqual([results[0]]);
  });

  it("shares idempotency keys with SubmitDelegate", async () => {
    const [first, second] = await delegatesOf(wallet(4), 2);
    if (first === undefined || second === undefined) throw new Error("two were made");
    const keyed = { ...first, idempotencyKey: "shared" };
    const single = await relay.client.submitDelegate({ network: NETWORK, ...keyed });
    const results = await submit(relay.client, [{ ...second, idempotencyKey: "shared" }, keyed, second]);
    expect(results.map(said)).toEqual([
      "IDEMPOTENCY_KEY_REUSED",
      single.submission?.id,
      expect.stringMatching(/^sub_/),
    ]);
    const again = await relay.client.submitDelegate({ network: NETWORK, ...second });
    expect(again.submission?.id).toBe(said(results[2] ?? expect.fail("no result")));
  });

  it("accepts those of one access key in their order, and refuses one that comes after a higher nonce", async () => {
    const delegates = await delegatesOf(wallet(5), 12);
    const results = await submit(relay.client, delegates, WaitUntil.FINAL);
    expect(states(results)).toEqual(Array.from({ length: 12 }, () => "SUCCEEDED"));
    const ids = results.map(said);
    expect(ids).toEqual(ids.toSorted());

    const [low, high] = [await wallet(5).delegate({ nonce: 50n }), await wallet(5).delegate({ nonce: 51n })];
    const turned = await submit(relay.client, [{ signedDelegate: high }, { signedDelegate: low }]);
    expect(turned.map(said)).toEqual([expect.stringMatching(/^sub_/), "DELEGATE_NONCE_TOO_LOW"]);
  });

  it("refuses a message with more delegates than the rates allow at once, and takes nothing for it", async () => {
    const rate = { per_second: 0.001, burst: 3 };
    const slow = await startTestRelay({
      wallets: 5,
      settings: { rates: JSON.stringify({ ...UNBOUNDED_RATES, tenant: rate }) },
    });
    onTestFinished(() => slow.stop());
    const one = async (i: number): Promise<Delegate> => ({
      signedDelegate: await (slow.wallets[i] ?? expect.fail("no wallet")).delegate(),
    });
    const delegates = [await one(0), await one(1), await one(2), await one(3)];
    // The call itself has counted: two are left.
    await expect(submit(slow.client, delegates)).rejects.toMatchObject({
      rawMessage: "this counts as 4 calls, and at most 3 may come at once (tenant)",
    });
    expect((await submit(slow.client, delegates.slice(0, 2))).map(said)).toEqual([
      expect.stringMatching(/^sub_/),
      expect.stringMatching(/^sub_/),
    ]);
    await expect(submit(slow.client, delegates.slice(2, 3))).rejects.toMatchObject({
      rawMessage: "too many calls (tenant)",
    });
  });
});

describe.each(ledgerEngines)("several delegates at once (%s)", (engine) => {
  it("of 64 wallets come to 64 submissions, however often and wherever they are sent", PATIENT, async () => {
    const { world, clients } = await twoRelays(engine);
    const delegates = await Promise.all(
      world.wallets.map(async (wallet) => ({ signedDelegate: await wallet.delegate() })),
    );
    // From both relays at once, in both orders: whoever locks rows in the request's order waits in a circle.
    const answers = await Promise.all([
      submit(clients[0], delegates),
      submit(clients[1], delegates.toReversed()).then((results) => results.toReversed()),
      submit(clients[1], delegates),
      submit(clients[0], delegates.toReversed()).then((results) => results.toReversed()),
    ]);
    const [first = []] = answers.map((results) => results.map(said));
    expect(new Set(first).size).toBe(MANY);
    expect(first.every((id) => id.startsWith("sub_"))).toBe(true);
    for (const results of answers) expect(results.map(said)).toEqual(first);
    const [{ count } = { count: 0 }] = await world.rows<{ count: number | bigint | string }>(
      "select count(*) as count from submissions",
    );
    expect(Number(count)).toBe(MANY);

    const ended = await submit(clients[0], delegates, WaitUntil.FINAL);
    expect(new Set(states(ended))).toEqual(new Set(["SUCCEEDED"]));
    expect(world.devnet.chain.log).toHaveLength(MANY);
  });

  it("are accepted in one commit", async () => {
    const { world, clients } = await twoRelays(engine);
    const delegates = await Promise.all(
      world.wallets.map(async (wallet) => ({ signedDelegate: await wallet.delegate() })),
    );
    await submit(clients[0], delegates);
    if (engine !== "postgres") return;
    // PostgreSQL notes which transaction wrote a row; a lane may have written it anew since.
    const written = await world.rows<{ xmin: string }>("select distinct xmin::text from idempotency");
    expect(written).toHaveLength(1);
  });
});
