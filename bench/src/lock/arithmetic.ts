import { randomBytes } from "node:crypto";
import { performance } from "node:perf_hooks";
import { beginUnlock } from "@countersign/crypto/lock/client-passes.ts";
import { ffdhe3072 } from "@countersign/crypto/lock/ffdhe3072.ts";
import { blindedPower } from "@countersign/crypto/lock/ffdhe3072-power.ts";
import { lockKeyId } from "@countersign/crypto/lock/key-id.ts";
import { LockKey } from "@countersign/crypto/lock/lock-key.ts";
import { type LockSuite, randomScalar } from "@countersign/crypto/lock/lock-suite.ts";
import { ristretto255 } from "@countersign/crypto/lock/ristretto255.ts";
import { chooseLibsodium } from "@countersign/signer-service/lock/choose-libsodium.ts";
import { wasmLibsodium } from "@countersign/signer-service/lock/libsodium-wasm.ts";
import type { SuiteNumber } from "@countersign/signer-service/lock/lock-key-records.ts";
import { lockSuite } from "@countersign/signer-service/lock/lock-suites.ts";
import { answerTo } from "@countersign/signer-service/lock/lock-threads/answer-to.ts";
import type { LockThreads } from "@countersign/signer-service/lock/lock-threads/lock-threads.ts";
import type { LockJob } from "@countersign/signer-service/lock/lock-work.ts";

/** Something of an unlock that is measured in this process. */
export interface Piece {
  readonly name: string;
  readonly suite: SuiteNumber;
  /** Unlocks of a round. */
  readonly unlocks: number;
  /** What is made ready before the clock starts, and done while it runs; that throws when the unlock fails. */
  prepare(): () => unknown;
}

/** One round of a piece. */
export interface PieceRound {
  /** Unlocks for each second of CPU time, of all threads of this process. */
  readonly perCpuSecond: number;
  /** Milliseconds that each unlock took. */
  readonly callMs: readonly number[];
}

export const SIGNER_WORK = "signer's work";
const WEB_ASSEMBLY = "the same, libsodium in WebAssembly";
export const NOBLE = "the same, all JavaScript";
const THROUGH_THREAD = "signer's work on a thread of its own";
const MULTIPLICATIONS = "its three multiplications alone";
export const CLIENT = "a browser's half";

const { suite: webAssembly } = await chooseLibsodium([wasmLibsodium]);

/** JavaScript alone, as browsers compute both suites. */
const PORTABLE: Readonly<Record<SuiteNumber, LockSuite>> = {
  1: ristretto255,
  2: ffdhe3072(blindedPower(randomBytes), randomBytes),
};

/** The pieces of a suite; `threads` belong to who asks. */
export function piecesOf(suite: SuiteNumber, threads: LockThreads): Piece[] {
  const portable = PORTABLE[suite];
  const key = newKey(suite);
  const wide = lockSuite(suite).wideSize;
  const [fast, slow] = suite === 1 ? [1_000, 100] : [30, 2];
  const workWith = (group: LockSuite) => () => {
    const { exponent, element, ...known } = newJob(key);
    return () => new LockKey(group, exponent, known).remove(element, randomBytes);
  };
  return [
    {
      name: SIGNER_WORK,
      suite,
      unlocks: fast,
      prepare() {
        const job = { ...newJob(key), nonce: randomBytes(wide) };
        return () => assertDone(answerTo(job).kind);
      },
    },
    {
      name: THROUGH_THREAD,
      suite,
      unlocks: fast,
      prepare() {
        const job = newJob(key);
        return () => threads.run(job);
      },
    },
    {
      name: MULTIPLICATIONS,
      suite,
      unlocks: fast,
      prepare() {
        const { exponent, inverse, element } = newJob(key);
        const group = lockSuite(suite);
        return () => {
          group.multiply(inverse, element);
          group.multiply(exponent, element);
          group.multiplyBase(exponent);
        };
      },
    },
    ...(suite === 1 ? [{ name: WEB_ASSEMBLY, suite, unlocks: fast, prepare: workWith(webAssembly) }] : []),
    { name: NOBLE, suite, unlocks: slow, prepare: workWith(portable) },
    {
      name: CLIENT,
      suite,
      unlocks: slow,
      prepare() {
        const { exponent, element, ...known } = newJob(key);
        const locked = { suite, keyId: lockKeyId(suite, known.commitment), lockedKek: element };
        const relay = new LockKey(lockSuite(suite), exponent, known);
        // The relay computes with what is fastest, and before the clock starts: the same random lock gives one request.
        const lock = randomBytes(wide);
        const again = () => Uint8Array.from(lock);
        const answer = relay.remove(beginUnlock(lockSuite(suite), locked, again).request, randomBytes);
        return () => beginUnlock(portable, locked, again).finish(answer, known.commitment);
      },
    },
  ];
}

/** Does a piece so often as a round has unlocks, one after the other. */
export async function measurePiece({ prepare }: Piece, unlocks: number): Promise<PieceRound> {
  const all = Array.from({ length: unlocks }, prepare);
  const callMs: number[] = [];
  const before = process.cpuUsage();
  for (const unlock of all) {
    const began = performance.now();
    // Awaiting what is no promise would cost a turn of the queue.
    const result = unlock();
    if (result instanceof Promise) await result;
    callMs.push(performance.now() - began);
  }
  const { user, system } = process.cpuUsage(before);
  return { perCpuSecond: (unlocks * 1e6) / (user + system), callMs };
}

type Key = Omit<LockJob, "operation" | "element">;

function newKey(suite: SuiteNumber): Key {
  const group = lockSuite(suite);
  const exponent = randomScalar(group, randomBytes);
  return {
    suite,
    exponent,
    inverse: group.invert(exponent),
    commitment: group.multiplyBase(exponent),
  };
}

/** An unlock of an element of its own, with copies of the key's secrets, which are wiped where it is done. */
function newJob(key: Key): LockJob {
  const group = lockSuite(key.suite);
  return {
    ...key,
    operation: "remove",
    exponent: Uint8Array.from(key.exponent),
    inverse: Uint8Array.from(key.inverse),
    element: group.multiplyBase(randomScalar(group, randomBytes)),
  };
}

function assertDone(kind: string): void {
  if (kind !== "done") throw new Error(`an unlock was ${kind}`);
}
