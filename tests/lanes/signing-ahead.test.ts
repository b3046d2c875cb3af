import { expect, it, onTestFinished } from "vitest";
import { makeBlocks } from "../support/block-maker.ts";
import { expectExactlyOnce } from "../support/exactly-once.ts";
import { ledgerEngines } from "../support/relay-world.ts";
import { finishAll, submitSurely } from "../support/submitting.ts";
import { startLanesRelay } from "./support/lanes-relay.ts";

const TIMEOUT_MS = 120_000;
/** A lane begins with half of its window, */
const WINDOW = 4;
/** and signs half as many more. */
const AHEAD = 2;

/** A lane whose window is full, with what is signed for later, while no block is made. */
async function startFull(engine: (typeof ledgerEngines)[number]) {
  const relay = await startLanesRelay({
    engine,
    wallets: WINDOW + AHEAD + 3,
    devnet: { blockTimeMs: undefined },
    settings: { "lanes.window": String(2 * WINDOW) },
  });
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
