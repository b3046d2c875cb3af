import {
  type Submission,
  SubmissionState,
  WaitUntil,
} from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { expect } from "vitest";
import { submitSurely } from "../../../support/submitting.ts";
import type { TestWallet } from "../../../support/test-wallet.ts";
import type { Chain, Relay } from "./relaying.ts";

/** Wallets that have the relay relay one delegate after another, each until its last one is final. */
export class Load {
  readonly #chain: Chain;
  readonly #ended: Submission[] = [];
  readonly #relay: Relay;
  #running: Promise<unknown> = Promise.resolve();
  #isStopping = false;
  readonly #waiting = new Set<() => void>();

  constructor(chain: Chain, relay: Relay) {
    this.#chain = chain;
    this.#relay = relay;
    this.#start();
  }

  /** Resolves once so many more have ended; only those that a certain access key has paid for, if one is given. */
  async more(count: number, publicKey?: string): Promise<void> {
    const seen = this.#countOf(publicKey);
    let look = () => {};
    const enough = new Promise<void>((resolve) => {
      look = () => {
        if (this.#countOf(publicKey) >= seen + count) resolve();
      };
      this.#waiting.add(look);
    });
    await Promise.race([enough, this.#running]).finally(() => this.#waiting.delete(look));
  }

  /** Ends it; gives how many there were. All have succeeded, and each stands on the chain exactly once. */
  async stop(): Promise<number> {
    await this.#still();
    expect(this.#ended.filter(({ state }) => state !== SubmissionState.SUCCEEDED)).toEqual([]);
    const { chain } = this.#chain.devnet;
    const relayed = chain.log
      .map(({ hash }) => hash)
      .filter((hash) => chain.record(hash)?.transaction.actions[0]?.kind === "Delegate");
    const paid = this.#ended.map(({ transaction }) => transaction?.hash ?? "");
    expect(relayed.toSorted()).toEqual(paid.toSorted());
    return paid.length;
  }

  /** Does something, to the relay itself, while nothing is under way. */
  async whileStill(work: () => Promise<void>): Promise<void> {
    await this.#still();
    await work();
    this.#start();
  }

  #start(): void {
    this.#isStopping = false;
    const { wallets } = this.#chain;
    this.#running = Promise.all(wallets.map((wallet) => this.#keepOn(wallet, this.#relay)));
    this.#running.catch(() => undefined);
  }

  async #still(): Promise<void> {
    this.#isStopping = true;
    await this.#running;
  }

  async #keepOn(wallet: TestWallet, relay: Relay): Promise<void> {
    while (!this.#isStopping) {
      const submission = await submitSurely(() => relay.client(), await wallet.delegate(), WaitUntil.FINAL);
      this.#ended.push(submission);
      for (const look of [...this.#waiting]) look();
    }
  }

  #countOf(publicKey: string | undefined): number {
    if (publicKey === undefined) return this.#ended.length;
    const { log } = this.#chain.devnet.chain;
    const paid = new Set(log.flatMap((entry) => (entry.publicKey === publicKey ? [entry.hash] : [])));
    return this.#ended.filter(({ transaction }) => paid.has(transaction?.hash ?? "")).length;
  }
}
