import pg from "pg";
import { preparedName } from "./fixed-statement.ts";

/** What pg says when a query's time is over. */
const READ_TIMEOUT = "Query read timeout";

/** Runs after which a prepared statement is prepared anew: first after a few, and from the second number on after as many. */
const RENEWED_FIRST_AFTER = 8;
const RENEWED_AFTER = 256;

/** Of pg's connection: what its types leave out. */
interface PreparedStatements {
  /** Texts by name. */
  readonly parsedStatements: Record<string, string>;
  close(what: { readonly type: "S"; readonly name: string }): void;
}

/**
 * Sends what is asked in one go with one write. Prepares fixed statements, whose texts are as many as the program has. Ends
 * with a query that it gave up on. The server may carry that one out still: with a BEGIN that was, the transaction would
 * wait for whoever is lent the connection next.
 */
export class PostgresClient extends pg.Client {
  #gathers = false;
  /** How often each fixed statement has run. */
  readonly #runs = new Map<string, number>();

  // biome-ignore lint/suspicious/noExplicitAny: pg's own overloads
  override query(...of: any[]): any {
    this.#gather();
    const [text, values] = of;
    const fixed = typeof text === "string" && Array.isArray(values) ? preparedName(text) : undefined;
    const asked = fixed === undefined ? of : [{ name: this.#prepared(fixed), text, values }, ...of.slice(2)];
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
   * fitted an empty table reads all of a large one. So none is kept for more runs than came before it, nor for more than a
   * few hundred (docs/decisions/0046-plans-are-made-anew.md). What was sent before with the former name is carried out
   * before that is closed.
   */
  #prepared(fixed: string): string {
    const runs = this.#runs.get(fixed) ?? 0;
    this.#runs.set(fixed, runs + 1);
    const generation = generationAt(runs);
    if (runs > 0 && generation !== generationAt(runs - 1)) {
      const { connection } = this as unknown as { readonly connection: PreparedStatements };
      const former = `${fixed}_${generation - 1}`;
      connection.close({ type: "S", name: former });
      delete connection.parsedStatements[former];
    }
    return `${fixed}_${generation}`;
  }
}

/** Grows by one at each power of two between the two numbers, and from then on every so many runs. */
function generationAt(runs: number): number {
  const few = Math.min(Math.max(runs, RENEWED_FIRST_AFTER / 2), RENEWED_AFTER - 1);
  return Math.floor(Math.log2(few)) + Math.floor(runs / RENEWED_AFTER);
}
