import { availableParallelism } from "node:os";
import { ProtocolAbort } from "@countersign/crypto/ot-ecdsa/protocol-abort.ts";
import type { PresignJob, PresignProgress, PresignWork } from "../presign-work.ts";
import { PresignThread } from "./presign-thread.ts";
import type { ThreadAnswer, ThreadJob } from "./thread-job.ts";

/** One core is left to the event loop. */
const THREADS = Math.max(1, availableParallelism() - 1);

interface WaitingJob extends PromiseWithResolvers<ThreadAnswer> {
  readonly job: ThreadJob;
}

/** Presigns on threads, which are started with the first jobs; one that has ended is started again. */
export class PresignThreads implements PresignWork {
  #threads: PresignThread[] = [];
  readonly #queue: WaitingJob[] = [];
  #closed = false;

  /** Throws ProtocolAbort, and an Error when the thread ends before it has answered. */
  async advance({ share, publicKey, state, flight }: PresignJob): Promise<PresignProgress> {
    if (this.#closed) throw closed();
    const job: ThreadJob = {
      share: Uint8Array.from(share),
      publicKey: Uint8Array.from(publicKey),
      state: state ?? null,
      flight,
    };
    share.fill(0);
    const waiting = { job, ...Promise.withResolvers<ThreadAnswer>() };
    this.#queue.push(waiting);
    this.#share();
    return progressOf(await waiting.promise);
  }

  /** Ends the threads, and refuses what waits for them. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { job, reject } of this.#queue.splice(0)) {
      wipe(job);
      reject(closed());
    }
    await Promise.all(this.#threads.map((thread) => thread.end()));
  }

  /** Gives jobs to threads while there are both. */
  #share(): void {
    for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
      const thread = this.#idle();
      if (thread === undefined) return;
      this.#queue.shift();
      const { job, resolve, reject } = next;
      thread
        .run(job)
        .then(resolve, reject)
        .finally(() => this.#share());
    }
  }

  #idle(): PresignThread | undefined {
    this.#threads = this.#threads.filter(({ hasEnded }) => !hasEnded);
    const idle = this.#threads.find(({ isBusy }) => !isBusy);
    if (idle !== undefined || this.#threads.length >= THREADS) return idle;
    const started = new PresignThread();
    this.#threads.push(started);
    return started;
  }
}

function wipe({ share, state }: ThreadJob): void {
  share.fill(0);
  state?.fill(0);
}

function closed(): Error {
  return new Error("the presign threads are closed");
}

function progressOf(answer: ThreadAnswer): PresignProgress {
  if (answer.kind === "aborted") throw new ProtocolAbort(answer.message);
  if (answer.kind === "failed") throw new Error(`a presign thread failed: ${answer.message}`);
  const { stage, state, flight, presignature } = answer;
  const progress = { stage, state, flight };
  return presignature === null ? progress : { ...progress, presignature };
}
