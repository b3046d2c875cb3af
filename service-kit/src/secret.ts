import { inspect } from "node:util";

const REDACTED = "[redacted]";

/**
 * A value that never prints: logs, JSON, template strings and `util.inspect` show "[redacted]". `reveal` is
 * the only way to it, so that every use can be found by its name.
 */
export class Secret<T> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  /** The value itself. Keep it in the smallest scope. */
  reveal(): T {
    return this.#value;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }
}
