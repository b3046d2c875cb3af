import { deserialize, serialize } from "node:v8";
import { type MessagePort, parentPort } from "node:worker_threads";
import {
  advancePresign,
  beginPresign,
  type Presignature,
  type PresignParty,
  type PresignRun,
  type WireMessage,
  wipePresign,
  wipePresignature,
} from "@countersign/crypto/ot-ecdsa/presign-run.ts";
import { ProtocolAbort } from "@countersign/crypto/ot-ecdsa/protocol-abort.ts";
import type { RunTools } from "@countersign/crypto/ot-ecdsa/run-tools.ts";
import { answerUntilEnd } from "../../../threads/end.ts";
import type { PoolEntry } from "../ecdsa-store.ts";
import { decodeFlight, encodeFlight } from "../flight.ts";
import { points } from "../points.ts";
import { encodePresignature } from "../presignature-bytes.ts";
import { RandomBlock } from "./random-block.ts";
import { memoryOf, type ThreadAnswer, type ThreadJob } from "./thread-job.ts";

// The thread: takes one job at a time, and keeps nothing of it.

const RELAYER = 2;

const randomBlock = new RandomBlock();

const tools: RunTools = {
  points,
  random: (_, size) => randomBlock.take(size),
  // Nobody else waits for this thread.
  pause: async () => {},
};

const port = parentPort as MessagePort;
answerUntilEnd(port, async (job: ThreadJob) => {
  const answer = await answerTo(job);
  const moved = answer.kind === "advanced" ? [answer.state, answer.flight, answer.presignature?.state] : [];
  port.postMessage(answer, memoryOf(moved));
});

async function answerTo(job: ThreadJob): Promise<ThreadAnswer> {
  try {
    return await advance(job);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return error instanceof ProtocolAbort ? { kind: "aborted", message } : { kind: "failed", message };
  } finally {
    job.share.fill(0);
    job.state?.fill(0);
    randomBlock.wipe();
  }
}

async function advance({ share, publicKey, state, flight }: ThreadJob): Promise<ThreadAnswer> {
  const party: PresignParty = { participant: RELAYER, share, publicKey };
  const before: { run: PresignRun; flight: WireMessage[] } =
    state === null ? await beginPresign(tools, party) : { run: deserialize(state), flight: [] };
  const secrets: (() => void)[] = [() => wipePresign(before.run)];
  try {
    const {
      run,
      flight: out,
      presignature,
    } = await advancePresign(tools, party, before.run, decodeFlight(flight));
    secrets.push(() => wipePresign(run));
    if (presignature !== undefined) secrets.push(() => wipePresignature(presignature));
    return {
      kind: "advanced",
      stage: run.stage,
      state: run.stage === "done" ? new Uint8Array() : serialize(run),
      flight: encodeFlight([...before.flight, ...out]),
      presignature: presignature === undefined ? null : entryOf(presignature),
    };
  } finally {
    // Both runs may have bytes in common: not before the answer is made.
    for (const wipe of secrets) wipe();
  }
}

function entryOf(presignature: Presignature): PoolEntry {
  return { id: Uint8Array.from(presignature.id), state: encodePresignature(presignature) };
}
