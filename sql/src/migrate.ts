import type { Kysely } from "kysely";
import { type Migration, Migrator } from "kysely/migration";

/**
 * Brings the schema up to date, in one transaction under the engine's lock, so that processes may start
 * together. Throws when the database was written by a later version of the software.
 */
export async function migrate<Schema>(
  db: Kysely<Schema>,
  migrations: Record<string, Migration>,
): Promise<void> {
  const provider = { getMigrations: async () => migrations };
  const { error } = await new Migrator({ db, provider }).migrateToLatest();
  if (error !== undefined) throw error;
}
