import { DatabaseSync } from "node:sqlite";
import pg from "pg";

/** Runs SQL beside the signers of a store: a SQLite file, or "postgres://…". */
export async function signerRows<T extends object>(store: string, statement: string): Promise<T[]> {
  if (store.startsWith("postgres")) {
    const client = new pg.Client({ connectionString: store });
    await client.connect();
    try {
      return (await client.query<T>(statement)).rows;
    } finally {
      await client.end();
    }
  }
  const db = new DatabaseSync(store, { timeout: 30_000 });
  try {
    return db.prepare(statement).all() as T[];
  } finally {
    db.close();
  }
}

/** As `recordStates` and `changesOf` take it. */
export function queriedStore(store: string) {
  const file = store.startsWith("postgres") ? undefined : store;
  return { file, query: <T extends object>(statement: string) => signerRows<T>(store, statement) };
}
