/** Remembers the first value of each name. */
export class FirstValues {
  readonly #values = new Map<string, string>();

  /** Whether it is the first one, or the same again. */
  isFirst(name: string, value: string): boolean {
    const there = this.#values.get(name);
    if (there === undefined) this.#values.set(name, value);
    return there === undefined || there === value;
  }
}
