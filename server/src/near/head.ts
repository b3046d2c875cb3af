import type { BlockView, NearViews } from "./views.ts";

/** How old the head may be, in milliseconds, before it is asked for again: about one block. */
const MAX_AGE_MS = 1_000;

/**
 * The chain's final head, shared by all who need a recent one. Callers that come at once share one call.
 * Final rather than newest, so that every node knows the block that a transaction names.
 */
export class Head {
  readonly #views: NearViews;
  readonly #now: () => number;
  #cached: { block: BlockView; at: number } | undefined;
  #asking: Promise<BlockView> | undefined;

  constructor(views: NearViews, now: () => number) {
    this.#views = views;
    this.#now = now;
  }

  /** The final head, at most a second old, and never lower than one it gave before. Throws ChainError. */
  async get(): Promise<BlockView> {
    if (this.#cached !== undefined && this.#now() - this.#cached.at < MAX_AGE_MS) return this.#cached.block;
    this.#asking ??= this.#refresh().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #refresh(): Promise<BlockView> {
    const asked = this.#now();
    const block = await this.#views.block("final");
    const newest =
      this.#cached !== undefined && this.#cached.block.height > block.height ? this.#cached.block : block;
    this.#cached = { block: newest, at: asked };
    return newest;
  }
}
