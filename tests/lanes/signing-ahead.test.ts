import { expect, it, onTestFinished } from "vitest";
import { makeBlocks } from "../support/block-maker.ts";
import { expectExactlyOnce } from "../support/exactly-once.ts";
import { type LedgerEngine, ledgerEngines } from "../support/relay-world.ts";
import { finishAll, submitSurely } from "../support/submitting.ts";
import { startLanesRelay } from "./support/lanes-relay.ts";

const TIMEOUT_MS = 120_000;
/** A lane begins with half of its window, */
const WINDOW = 4;
/** and signs half as many more. */
const AHEAD = 2;

function start(engine: LedgerEngine) {
  return startLanesRelay({
    engine,
    wallets: WINDOW + AHEAD + 3,
    devnet: { blockTimeMs: undefined },
    settings: { "lanes.window": String(2 * WINDOW) },
  });
}

/** A lane whose window is full, with what is signed for later, while no block is made. */
async function startFull(engine: LedgerEngine) {
  const relay = await start(engine);
  const all = await relay.delegates();
  await Promise.all(all.map((bytes) => submitSurely(relay.client, bytes)));
  await relay.until(
    () => relay.moved("SIGNED").length === WINDOW + AHEAD && relay.moved("BROADCAST").length >= WINDOW,
  );
  return { relay, all };
}

it.each(ledgerEngines)(
  "what is signed beforehand is sent when there is room in the window, and in its turn (%s)",
  async (engine) => {
    const { relay, all } = await startFull(engine);
    const { world } = relay;
    const before = Date.now();
    onTestFinished(makeBlocks(world.devnet));
    await finishAll(relay.client, all);
    await expectExactlyOnce(world, all.length);

    const sent = await world.rows<{ at: number | string; nonce: number | string }>(
      `select t.at as at, a.nonce as nonce from transitions as t
       inner join attempts as a on a.submission_id = t.submission_id
       where t.state = 'BROADCAST' order by a.nonce`,
    );
    const times = sent.map(({ at }) => Number(at));
    expect(times).toHaveLength(all.length);
    expect(Math.max(...times.slice(0, WINDOW))).toBeLessThanOrEqual(before);
    expect(Math.min(...times.slice(WINDOW))).toBeGreaterThanOrEqual(before);
    expect(times.toSorted((a, b) => a - b)).toEqual(times);
    expect(relay.troubles.get("invalid-nonce")).toBeUndefined();
  },
  TIMEOUT_MS,
);

it(
  "it is sent without room, too, when nothing has made any for long",
  async () => {
    const { relay, all } = await startFull("sqlite");
    await relay.until(() => relay.moved("BROADCAST").length === WINDOW + AHEAD);
    expect(relay.moved("INCLUDED")).toEqual([]);
    onTestFinished(makeBlocks(relay.world.devnet));
    await finishAll(relay.client, all);
    await expectExactlyOnce(relay.world, all.length);
  },
  TIMEOUT_MS,
);

it(
  "what has little time left does not wait for room, nor does what was signed before it",
  async () => {
    const relay = await start("sqlite");
    const { wallets, devnet, rows } = relay.world;
    const early = (await relay.delegates()).slice(0, WINDOW + AHEAD - 1);
    await Promise.all(early.map((bytes) => submitSurely(relay.client, bytes)));
    await relay.until(() => relay.moved("SIGNED").length === early.length);

    const maxBlockHeight = devnet.chain.head.height + 20n;
    const urgent = await wallets[early.length]?.delegate({ maxBlockHeight });
    if (urgent === undefined) throw new Error("no wallet");
    await submitSurely(relay.client, urgent);
    await relay.until(() => relay.moved("BROADCAST").length === WINDOW + AHEAD);
    const [last] = await rows<{ signed: number | string; sent: number | string }>(
      `select a.signed_at as signed, t.at as sent from attempts as a
       inner join transitions as t on t.submission_id = a.submission_id
       where t.state = 'BROADCAST' order by a.nonce desc limit 1`,
    );
    // Long before it would be sent without room anyhow.
    expect(Number(last?.sent) - Number(last?.signed)).toBeLessThan(10_000);
    expect(relay.moved("INCLUDED")).toEqual([]);
    onTestFinished(makeBlocks(devnet));
    await finishAll(relay.client, [...early, urgent]);
    await expectExactlyOnce(relay.world, WINDOW + AHEAD);
  },
  TIMEOUT_MS,
);
