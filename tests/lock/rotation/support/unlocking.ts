import { randomBytes } from "node:crypto";
import { setInterval } from "node:timers/promises";
import { verifyRemove } from "@countersign/crypto/lock/lock-answer.ts";
import { randomScalar } from "@countersign/crypto/lock/lock-suite.ts";
import { LockSuite } from "@countersign/gen/countersign/lock/v1/lock_pb.ts";
import { lockSuite } from "@countersign/signer-service/lock/lock-suites.ts";
import { onTestFinished } from "vitest";
import { type LockClient, TENANT } from "../../relay/support/lock-relay.ts";

const group = lockSuite(1);
const NOTHING = new Uint8Array();
/** Between two calls, in milliseconds: 200 a second. */
const PACE_MS = 5;
/** Calls that run at a time: half as many as a signer lets wait. Where machines are slow, the pace is theirs. */
const MAX_RUNNING = 128;

/** An element that a relay has locked, and what has to come out. */
export interface Locked {
  readonly keyId: string;
  readonly commitment: Uint8Array;
  readonly element: Uint8Array;
  readonly unlocked: Uint8Array;
}

/** Has the relay lock a random element with its current key. */
export async function lockNew(client: LockClient): Promise<Locked> {
  const unlocked = group.multiplyBase(randomScalar(group, randomBytes));
  const suite = LockSuite.RISTRETTO255_V1;
  const { key, element } = await client.applyServerLock({ tenant: TENANT, suite, element: unlocked });
  return { keyId: key?.keyId ?? "", commitment: key?.commitment ?? NOTHING, element, unlocked };
}

/** Has the relay take the lock off; gives what is to be asserted of the answer. */
export async function unlock(client: LockClient, { keyId, commitment, element, unlocked }: Locked) {
  const answer = await client.removeServerLock({ tenant: TENANT, keyId, element });
  return {
    isRight: () =>
      answer.key?.keyId === keyId &&
      Buffer.compare(answer.element, unlocked) === 0 &&
      verifyRemove(group, commitment, element, answer),
  };
}

/** Unlocks that are begun at a steady pace, whether those before are answered or not, until the test ends. */
export class SteadyUnlocking {
  readonly #stopping = new AbortController();
  readonly #begun: Promise<Awaited<ReturnType<typeof unlock>>>[] = [];
  readonly #pacing: Promise<void>;
  #answered = 0;
  #waiting: { readonly count: number; readonly resolve: () => void } | undefined;

  /** Of what `next` gives, one at each of the clients in turn. */
  constructor(clients: readonly LockClient[], next: () => Locked) {
    this.#pacing = this.#pace(clients, next);
    onTestFinished(() => this.#stopping.abort());
  }

  /** Resolves when so many more were answered. */
  answered(more: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting = { count: this.#answered + more, resolve };
    return promise;
  }

  /** Begins no more. How many there were, and how many were not answered, or wrong, or without a proof that holds. */
  async stop(): Promise<{ readonly unlocks: number; readonly lost: unknown[] }> {
    this.#stopping.abort();
    await this.#pacing;
    const lost: unknown[] = [];
    for (const result of await Promise.allSettled(this.#begun)) {
      if (result.status === "rejected") lost.push(result.reason);
      else if (!result.value.isRight()) lost.push("a wrong answer");
    }
    return { unlocks: this.#begun.length, lost };
  }

  async #pace(clients: readonly LockClient[], next: () => Locked): Promise<void> {
    try {
      for await (const _ of setInterval(PACE_MS, undefined, { signal: this.#stopping.signal })) {
        if (this.#begun.length - this.#answered >= MAX_RUNNING) continue;
        const client = clients[this.#begun.length % clients.length] as LockClient;
        const call = unlock(client, next());
        this.#begun.push(call);
        const settled = () => this.#settled();
        call.then(settled, settled);
      }
    } catch (error) {
      if (!this.#stopping.signal.aborted) throw error;
    }
  }

  #settled(): void {
    this.#answered++;
    if (this.#waiting !== undefined && this.#answered >= this.#waiting.count) this.#waiting.resolve();
  }
}
