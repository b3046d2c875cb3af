/** Lets one after the other have something, in the order in which they asked. */
export class Turns<Owner> {
  readonly #queue: { readonly owner: Owner; readonly begin: () => void }[] = [];
  #isTaken = false;

  /** Whose turn is next, if anyone waits. */
  get next(): Owner | undefined {
    return this.#queue[0]?.owner;
  }

  /**
   * Resolves when it is the owner's turn; end it by calling what it gives, which may be called again. Rejects with the signal's
   * reason when that aborts first. `onWait` hears that others are before.
   */
  take(owner: Owner, signal: AbortSignal, onWait: () => void): Promise<() => void> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const turn = {
        owner,
        begin: () => {
          signal.removeEventListener("abort", leave);
          resolve(this.#turn());
        },
      };
      const leave = () => {
        this.#queue.splice(this.#queue.indexOf(turn), 1);
        reject(signal.reason);
      };
      if (!this.#isTaken) return turn.begin();
      signal.addEventListener("abort", leave, { once: true });
      this.#queue.push(turn);
      onWait();
    });
  }

  #turn(): () => void {
    this.#isTaken = true;
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#isTaken = false;
      this.#queue.shift()?.begin();
    };
  }
}
