import { Code } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { SubmissionState } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { createApp } from "@countersign/server/app.ts";
import { createLogger, errorFromConnect } from "@countersign/service-kit";
import { expect, it, onTestFinished } from "vitest";
import { startRelayWorld } from "../support/relay-world.ts";
import { finishAll, submitSurely } from "../support/submitting.ts";
import { NETWORK, relayClient } from "../support/test-relay.ts";

it("while the chain stands still nothing new is accepted or signed, and all goes on when it moves", async () => {
  const world = await startRelayWorld({
    wallets: 2,
    devnet: { blockTimeMs: 100, endpoints: 2 },
    settings: { "near.stall_ms": "1000" },
  });
  const { devnet, signerGate, wallets } = world;
  const [stalled, moves, headRetried] = [1, 2, 3].map(() => Promise.withResolvers<void>());
  // Without the signer the relay knows no keys: it accepts, and no lane signs.
  await signerGate.close();
  const app = await createApp(world.config, {
    log: createLogger("relay", "silent"),
    events: (events) => ({
      ...events,
      chainStalled(event) {
        events.chainStalled(event);
        stalled?.resolve();
      },
      chainMoves(event) {
        events.chainMoves(event);
        moves?.resolve();
      },
      laneRetrying(event) {
        events.laneRetrying(event);
        if (event.step === "head") headRetried?.resolve();
      },
    }),
  });
  onTestFinished(async () => {
    await app.stop();
    await world.stop();
  });
  const client = () => relayClient(app.address);
  const [first = new Uint8Array(), second = new Uint8Array()] = await Promise.all(
    wallets.map((wallet) => wallet.delegate({ maxBlockHeight: 109_000n })),
  );
  const ops = async (path: string) => (await fetch(app.operationsAddress + path)).text();

  const waiting = await submitSurely(client, first);
  for (const { head } of devnet.endpoints) head.stall();
  const ready = async () => JSON.parse(await ops("/readyz"));
  await expect
    .poll(ready, { timeout: 30_000 })
    .toMatchObject({ ready: false, failed: ["chain", "signer"], state: { chain: { stalled: true } } });
  await stalled?.promise;
  await signerGate.open();
  await headRetried?.promise;
  const refusal = await client()
    .submitDelegate({ network: NETWORK, signedDelegate: second })
    .then(() => undefined, errorFromConnect);
  expect([refusal?.code, refusal?.reason]).toEqual([Code.Unavailable, ErrorReason.CHAIN_UNAVAILABLE]);
  expect(await ops("/metrics")).toContain("countersign_chain_stalled 1");
  const { submission } = await client().getSubmission({ submissionId: waiting.id });
  expect(submission?.state).toBe(SubmissionState.ACCEPTED);
  expect(devnet.chain.log).toEqual([]);

  for (const { head } of devnet.endpoints) head.recover();
  const ended = await finishAll(client, [first, second]);
  expect(ended.map(({ state }) => state)).toEqual([SubmissionState.SUCCEEDED, SubmissionState.SUCCEEDED]);
  await moves?.promise;
  expect(await ops("/metrics")).toContain("countersign_chain_stalled 0");
}, 60_000);
