import { expect, it } from "vitest";
import { finishAll } from "../support/submitting.ts";
import { NETWORK } from "../support/test-relay.ts";
import { startLanesRelay } from "./support/lanes-relay.ts";

it("a submission is on record as sent, also where the node says at once what became of it", async () => {
  const relay = await startLanesRelay({ wallets: 5 });
  await finishAll(relay.client, await relay.delegates());
  const recorded = await relay.world.rows<{ id: string; state: string }>(
    "select submission_id as id, state from transitions order by submission_id, seq",
  );
  const states = Map.groupBy(recorded, ({ id }) => id);
  expect(states.size).toBe(5);
  for (const [id, rows] of states) {
    const [accepted, signed, sent, ...rest] = rows.map(({ state }) => state);
    expect([accepted, signed, sent]).toEqual(["ACCEPTED", "SIGNED", "BROADCAST"]);
    expect(rest.at(-1)).toBe("SUCCEEDED");
    expect(relay.moved("BROADCAST")).toContain(id);
  }
  expect(relay.moved("BROADCAST")).toHaveLength(5);
});

it("it is so while nodes give no answer", async () => {
  const relay = await startLanesRelay({ wallets: 1, settings: { "near.timeout_ms": "600000" } });
  for (const { faults } of relay.world.devnet.endpoints) {
    faults.add({ kind: "hang_before", methods: ["send_tx"] });
  }
  const [delegate] = await relay.delegates();
  if (delegate === undefined) throw new Error("no delegate");
  await relay.client().submitDelegate({ network: NETWORK, signedDelegate: delegate });
  await relay.until(() => relay.moved("BROADCAST").length === 1);
  expect(relay.moved("INCLUDED")).toEqual([]);
});
