import { availableParallelism } from "node:os";
import { cpuMs, machineCpuMs } from "../shared/proc-stat.ts";
import { callAtRate, unlockClient } from "./load.ts";
import type { Row } from "./rows.ts";
import type { ServedLock } from "./served-lock.ts";
import { assertUnlocked, type Locked, requestOf } from "./unlocks.ts";

/** Answers of a round whose proofs are verified. Elements are compared for all. */
const VERIFIED_PROOFS = 3;

/** One round of a row. Times in milliseconds. */
export interface Round {
  /** All of them were answered with the right element. */
  readonly unlocks: number;
  readonly perSecond: number;
  readonly callMs: readonly number[];
  /** Of an unlock. The load is this process. */
  readonly cpuMs: { readonly relay: number; readonly signer: number; readonly load: number };
  /** Share of the machine, 0 to 1, that went to anything else. */
  readonly othersShare: number;
}

/** Makes a row's calls once, with these elements in turn. Throws an Error if an answer is wrong or missing. */
export async function measureRound(
  served: ServedLock,
  { way, perSecond, unlocks }: Row,
  elements: readonly Locked[],
): Promise<Round> {
  const asked = Array.from({ length: unlocks }, (_, i) => elements[i % elements.length] as Locked);
  const requests = asked.map((locked) => requestOf(way, locked));
  const client = unlockClient(way, served);
  try {
    const before = await spentBy(served);
    const { tookMs, callMs, responses } = await callAtRate(client, requests, perSecond);
    const after = await spentBy(served);
    for (const [i, response] of responses.entries()) {
      assertUnlocked(way, asked[i] as Locked, response, i < VERIFIED_PROOFS);
    }
    const of = (who: keyof typeof after) => after[who] - before[who];
    const others = Math.max(0, of("machine") - of("relay") - of("signer") - of("load"));
    return {
      unlocks,
      perSecond: (unlocks * 1000) / tookMs,
      callMs,
      cpuMs: { relay: of("relay") / unlocks, signer: of("signer") / unlocks, load: of("load") / unlocks },
      othersShare: others / (tookMs * availableParallelism()),
    };
  } finally {
    client.close();
  }
}

async function spentBy({ relay, signer }: ServedLock) {
  const [relayMs, signerMs, load, machine] = await Promise.all([
    cpuMs(relay.pid),
    cpuMs(signer.pid),
    cpuMs(process.pid),
    machineCpuMs(),
  ]);
  return { relay: relayMs, signer: signerMs, load, machine };
}
