import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import { JobThreads } from "../../threads/job-threads.ts";
import { lockSuite } from "../lock-suites.ts";
import type { LockAnswer, LockJob, LockWork } from "../lock-work.ts";
import type { LockThreadAnswer, LockThreadJob } from "./lock-thread-job.ts";

/** Jobs that may wait. In suite 2 they are some seconds of work, as long as a caller waits. */
const MAX_WAITING = 256;

/** Computes locks on threads: one of suite 2 would hold up whatever else the signer does. */
export class LockThreads implements LockWork {
  readonly #random: (bytes: number) => Uint8Array;
  readonly #threads = new JobThreads<LockThreadJob, LockThreadAnswer>({
    script: new URL("./lock-worker.ts", import.meta.url),
    memoryOf: () => [],
    wipe,
  });

  constructor(random: (bytes: number) => Uint8Array) {
    this.#random = random;
  }

  async run({ operation, suite, exponent, inverse, commitment, element }: LockJob): Promise<LockAnswer> {
    if (this.#threads.waiting >= MAX_WAITING) {
      throw new DomainError(ErrorReason.OVERLOADED, "too many wait for a lock");
    }
    const nonce = this.#random(lockSuite(suite).wideSize);
    const secrets = { exponent: Uint8Array.from(exponent), inverse: Uint8Array.from(inverse), nonce };
    const job = { operation, suite, commitment, element, ...secrets };
    try {
      return answerOf(await this.#threads.run(job));
    } finally {
      wipe(job);
    }
  }

  /** Ends the threads, and refuses what waits for them. */
  close(): Promise<void> {
    return this.#threads.close();
  }
}

function wipe({ exponent, inverse, nonce }: LockThreadJob): void {
  for (const secret of [exponent, inverse, nonce]) secret.fill(0);
}

function answerOf(answer: LockThreadAnswer): LockAnswer {
  switch (answer.kind) {
    case "done":
      return { element: answer.element, proof: answer.proof };
    case "refused":
      throw new DomainError(ErrorReason.LOCK_ELEMENT_INVALID, answer.message);
    case "failed":
      throw new Error(`a lock thread failed: ${answer.message}`);
  }
}
