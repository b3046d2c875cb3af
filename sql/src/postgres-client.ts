import pg from "pg";
import { isPrepared } from "./fixed-statement.ts";

/** What pg says when a query's time is over. */
const READ_TIMEOUT = "Query read timeout";

/** Runs for which a prepared statement is kept, at first and at most. */
const FIRST_RUNS = 8;
const MOST_RUNS = 256;
/** How long it is kept, in milliseconds. */
const MOST_AGE_MS = 10_000;

/** A statement as it is prepared now. */
interface Prepared {
  readonly name: string;
  readonly since: number;
  readonly mostRuns: number;
  runs: number;
}

/** Of pg's connection: what its types leave out. */
interface PreparedStatements {
  /** Texts by name. */
  readonly parsedStatements: Record<string, string>;
  close(what: { readonly type: "S"; readonly name: string }): void;
}

/**
 * Sends what is asked in one go with one write. Prepares fixed statements, of whose texts there are few. Ends with a query
 * that it gave up on. The server may carry that one out still: with a BEGIN that was, the transaction would wait for whoever
 * is lent the connection next.
 */
export class PostgresClient extends pg.Client {
  #gathers = false;
  readonly #prepared = new Map<string, Prepared>();
  #names = 0;

  // biome-ignore lint/suspicious/noExplicitAny: pg's own overloads
  override query(...of: any[]): any {
    this.#gather();
    const [text, values] = of;
    const asked =
      isPrepared(text) && Array.isArray(values)
        ? [{ name: this.#nameOf(text), text, values }, ...of.slice(2)]
        : of;
    const result = (super.query as (...of: unknown[]) => unknown)(...asked);
    if (result instanceof Promise) {
      result.catch((error: Error) => {
        if (error.message === READ_TIMEOUT) void this.end().catch(() => undefined);
      });
    }
    return result;
  }

  #gather(): void {
    if (this.#gathers) return;
    const { stream } = this.connection;
    this.#gathers = true;
    stream.cork();
    process.nextTick(() => {
      this.#gathers = false;
      stream.uncork();
    });
  }

  /**
   * The name under which the statement is prepared now. PostgreSQL keeps a plan until somebody analyzes its tables: one that
   * fitted an empty table reads all of a large one. So none is kept for long: for twice as many runs as the one before it,
   * up to a few hundred, and for some seconds (docs/decisions/0046-plans-are-made-anew.md). What was sent before with the
   * former name is carried out before that is closed.
   */
  #nameOf(text: string): string {
    const now = performance.now();
    let current = this.#prepared.get(text);
    if (current === undefined || current.runs === current.mostRuns || now - current.since > MOST_AGE_MS) {
      const former = current;
      const mostRuns = Math.min(Math.max(2 * (former?.runs ?? 0), FIRST_RUNS), MOST_RUNS);
      current = { name: `fixed_${this.#names++}`, since: now, mostRuns, runs: 0 };
      this.#prepared.set(text, current);
      if (former !== undefined) this.#close(former.name);
    }
    current.runs++;
    return current.name;
  }

  #close(name: string): void {
    const { connection } = this as unknown as { readonly connection: PreparedStatements };
    connection.close({ type: "S", name });
    // One that was closed before its first answer came is noted by pg after that.
    const kept = new Set([...this.#prepared.values()].map((prepared) => prepared.name));
    for (const parsed of Object.keys(connection.parsedStatements)) {
      if (!kept.has(parsed)) delete connection.parsedStatements[parsed];
    }
  }
}
