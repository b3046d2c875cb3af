import { randomFillSync } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { groupKey, verifyingShare } from "@countersign/crypto/keys-secp256k1.ts";
import { libsecp256k1Points } from "@countersign/crypto/ot-ecdsa/libsecp256k1-points.ts";
import { advancePresign, beginPresign, type WireMessage } from "@countersign/crypto/ot-ecdsa/presign-run.ts";
import { expect, onTestFinished, test } from "vitest";
import { decodeFlight, encodeFlight } from "../flight.ts";
import { PresignThreads } from "./presign-threads.ts";

const tools = {
  points: libsecp256k1Points,
  random: (_: string, size: number) => randomFillSync(new Uint8Array(size)),
  pause: async () => {},
};
const clientShare = new Uint8Array(32).fill(1);
const relayerShare = () => new Uint8Array(32).fill(2);
const publicKey = groupKey(verifyingShare(clientShare), verifyingShare(relayerShare()));
const client = { participant: 1, share: clientShare, publicKey } as const;

function threads(): PresignThreads {
  const opened = new PresignThreads();
  onTestFinished(() => opened.close());
  return opened;
}

/** The client's half; `advance` is the relayer's. */
async function presignWith(work: PresignThreads) {
  let { run, flight } = await beginPresign(tools, client);
  let state: Uint8Array | undefined;
  for (;;) {
    const encoded = encodeFlight(flight);
    const given = { share: relayerShare(), publicKey, flight: encoded, ...(state && { state }) };
    const progress = await work.advance(given);
    // What was given is gone from here.
    expect(given.share.every((byte) => byte === 0)).toBe(true);
    for (const moved of [given.flight, ...(state ? [state] : [])]) expect(moved).toHaveLength(0);
    const next = await advancePresign(tools, client, run, decodeFlight(progress.flight));
    ({ run, flight } = next);
    state = progress.state;
    if (next.presignature !== undefined) return { progress, presignature: next.presignature };
  }
}

test("a presignature is made on a thread, and what was given to it is wiped here", async () => {
  const { progress, presignature } = await presignWith(threads());
  expect(progress.stage).toBe("done");
  expect(progress.state).toHaveLength(0);
  expect(Buffer.from(progress.presignature?.id ?? [])).toEqual(Buffer.from(presignature.id));
  expect(Buffer.from(progress.presignature?.state.subarray(0, 33) ?? [])).toEqual(
    Buffer.from(presignature.bigR),
  );
});

test("several are made at the same time, each from its own flights", async () => {
  const work = threads();
  const made = await Promise.all(Array.from({ length: 4 }, () => presignWith(work)));
  const ids = made.map(({ presignature }) => Buffer.from(presignature.id).toString("hex"));
  expect(new Set(ids).size).toBe(4);
});

test("a flight that does not hold aborts, a state that is none fails, and the thread goes on", async () => {
  const work = threads();
  const { flight } = await beginPresign(tools, client);
  const doubled: WireMessage[] = [...flight, ...flight];
  const job = (more: object) => ({ share: relayerShare(), publicKey, flight: encodeFlight(flight), ...more });
  await expect(work.advance(job({ flight: encodeFlight(doubled) }))).rejects.toMatchObject({
    name: "ProtocolAbort",
  });
  await expect(work.advance(job({ state: new Uint8Array(9) }))).rejects.toThrow("a presign thread failed");
  expect((await work.advance(job({}))).stage).toBe("triples");
});

test("who waits when the threads are closed is told, and so is who comes later", async () => {
  const work = threads();
  const { flight } = await beginPresign(tools, client);
  const job = () => ({ share: relayerShare(), publicKey, flight: encodeFlight(flight) });
  const waiting = Array.from({ length: 9 }, () => work.advance(job()).then(() => "done", String));
  await work.close();
  const outcomes = await Promise.all(waiting);
  expect(outcomes.at(-1)).toBe("Error: the threads are closed");
  await expect(work.advance(job())).rejects.toThrow("the threads are closed");
});

test("threads that are closed while they compute end their step first, and not the process", async () => {
  const { flight } = await beginPresign(tools, client);
  const job = () => ({ share: relayerShare(), publicKey, flight: encodeFlight(flight) });
  for (let i = 0; i < 8; i++) {
    const work = threads();
    await work.advance(job());
    const computing = work.advance(job());
    // At other moments of the step each time: nothing tells of them.
    await delay(4 * i);
    await work.close();
    expect((await computing).stage).toBe("triples");
  }
});
