import { ProtocolAbort } from "@countersign/crypto/ot-ecdsa/protocol-abort.ts";
import { JobThreads } from "../../../threads/job-threads.ts";
import type { PresignJob, PresignProgress, PresignWork } from "../presign-work.ts";
import { memoryOf, type ThreadAnswer, type ThreadJob } from "./thread-job.ts";

/** Presigns on threads. */
export class PresignThreads implements PresignWork {
  readonly #threads = new JobThreads<ThreadJob, ThreadAnswer>({
    script: new URL("./presign-worker.ts", import.meta.url),
    memoryOf: ({ share, state, flight }) => memoryOf([share, state, flight]),
    wipe: ({ share, state }) => {
      share.fill(0);
      state?.fill(0);
    },
  });

  /** Throws ProtocolAbort, and an Error when the thread ends before it has answered. */
  async advance({ share, publicKey, state, flight }: PresignJob): Promise<PresignProgress> {
    const job: ThreadJob = {
      share: Uint8Array.from(share),
      publicKey: Uint8Array.from(publicKey),
      state: state ?? null,
      flight,
    };
    share.fill(0);
    return progressOf(await this.#threads.run(job));
  }

  /** Ends the threads, and refuses what waits for them. */
  close(): Promise<void> {
    return this.#threads.close();
  }
}

function progressOf(answer: ThreadAnswer): PresignProgress {
  if (answer.kind === "aborted") throw new ProtocolAbort(answer.message);
  if (answer.kind === "failed") throw new Error(`a presign thread failed: ${answer.message}`);
  const { stage, state, flight, presignature } = answer;
  const progress = { stage, state, flight };
  return presignature === null ? progress : { ...progress, presignature };
}
