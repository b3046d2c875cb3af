/** One thing that a request pays for, as it can be measured by itself. */
export interface Layer {
  readonly name: string;
  /** What a call of it includes. */
  readonly includes: string;
  /** Calls in flight: above 1 for what is done for several at a time. */
  readonly concurrency: number;
  /** Calls of one round. */
  readonly calls: number;
  /** Gets a round ready, before its time is taken. */
  prepare?(): Promise<void>;
  /** Does it once. `i` is different for each call. */
  call(i: number): Promise<unknown>;
  /** What belongs to the round's calls and comes after them; its cost is shared among them. */
  finish?(): Promise<unknown>;
  /** Gives back what it holds. */
  close?(): Promise<void>;
}
