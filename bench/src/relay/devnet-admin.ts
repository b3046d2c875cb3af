/** A transaction that a block of the devnet included. */
export interface ChainLogEntry {
  readonly hash: string;
  readonly signerId: string;
  readonly receiverId: string;
}

/** The switches of a devnet in a process of its own. */
export class DevnetAdmin {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /** Delays every answer of every endpoint from now on. */
  async addLatency(ms: number): Promise<void> {
    await this.#call("faults.add", { fault: { kind: "latency", ms } });
  }

  /** From now on, this share of all calls, 0 to 1, has no answer: the chain acts, and the connection closes. */
  async loseAnswers(probability: number): Promise<void> {
    await this.#call("faults.add", { fault: { kind: "drop_after", probability } });
  }

  /** No latency and no lost answers from now on. */
  async clearFaults(): Promise<void> {
    await this.#call("faults.clear", {});
  }

  /** Every transaction that stands in a block, in order. */
  async log(): Promise<ChainLogEntry[]> {
    return (await this.#call("log", {})) as ChainLogEntry[];
  }

  async #call(method: string, params: unknown): Promise<unknown> {
    const response = await fetch(this.#url, { method: "POST", body: JSON.stringify({ method, params }) });
    const answer = (await response.json()) as { result?: unknown; error?: string };
    if (!response.ok) throw new Error(`devnet: ${method}: ${answer.error}`);
    return answer.result;
  }
}
