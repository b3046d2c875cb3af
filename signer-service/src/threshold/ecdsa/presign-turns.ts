/**
 * One step of a presign session at a time in this process: two that come at once are not both computed, and the later
 * one sees what the first has left. Between processes the store alone decides.
 */
export class PresignTurns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Runs `work` when those that came before it for the same session are over, however they ended. */
  async inTurn<T>(sessionId: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(sessionId);
    const own = before === undefined ? work() : before.then(work, work);
    this.#last.set(sessionId, own);
    try {
      return await own;
    } finally {
      if (this.#last.get(sessionId) === own) this.#last.delete(sessionId);
    }
  }
}
