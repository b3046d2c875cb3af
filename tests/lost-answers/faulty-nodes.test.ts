import type { Devnet, Fault } from "@countersign/devnet";
import { describe, it } from "vitest";
import { expectExactlyOnce } from "../support/exactly-once.ts";
import { finishAll } from "../support/submitting.ts";
import { startOneRelay } from "./one-relay.ts";

const COUNT = 200;
const TIMEOUT_MS = 240_000;
const SEND = { methods: ["send_tx"] };

function everywhere(devnet: Devnet, fault: Fault): void {
  for (const { faults } of devnet.endpoints) faults.add(fault);
}

async function submitUnder(
  faulty: (devnet: Devnet) => void,
  options: { endpoints?: number; settings?: Record<string, string> } = {},
): Promise<void> {
  const { endpoints = 2, settings = {} } = options;
  const relay = await startOneRelay({ wallets: COUNT, devnet: { endpoints }, settings });
  faulty(relay.world.devnet);
  await finishAll(relay.client, await relay.delegates());
  await expectExactlyOnce(relay.world, COUNT);
}

describe(`${COUNT} submissions land exactly once`, () => {
  const onSends: [what: string, fault: Fault][] = [
    ["every answer to a send is lost after the transaction landed", { kind: "drop_after" }],
    ["half of the sends are lost on their way", { kind: "drop_before", probability: 0.5 }],
    ["half of the sends are answered with an internal error", { kind: "internal_error", probability: 0.5 }],
    ["half of the sends are rate-limited", { kind: "rate_limited", probability: 0.5 }],
    ["half of the sends are answered with a time-out", { kind: "timeout_error", probability: 0.5 }],
  ];
  it.each(onSends)(
    "when %s",
    (_, fault) => submitUnder((devnet) => everywhere(devnet, { ...fault, ...SEND })),
    TIMEOUT_MS,
  );

  it(
    "when no send is ever answered",
    () =>
      submitUnder((devnet) => everywhere(devnet, { kind: "hang_after", ...SEND }), {
        settings: { "near.timeout_ms": "300" },
      }),
    TIMEOUT_MS,
  );

  it(
    "when one of two endpoints is dead",
    () => submitUnder(({ endpoints: [first] }) => first?.faults.add({ kind: "drop_before" })),
    TIMEOUT_MS,
  );

  it(
    "when one of two endpoints stands still",
    () =>
      submitUnder(({ endpoints: [first] }) => first?.head.stall(), {
        settings: { "near.timeout_ms": "1000" },
      }),
    TIMEOUT_MS,
  );

  it(
    "when one of two endpoints lags behind",
    () =>
      submitUnder(({ endpoints: [first] }) => first?.head.lag(5n), {
        settings: { "near.timeout_ms": "1000" },
      }),
    TIMEOUT_MS,
  );
});
