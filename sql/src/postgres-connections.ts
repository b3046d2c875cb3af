import type { Kysely } from "kysely";
import type { Client, ClientBase } from "pg";
import { databaseOf } from "./postgres-database.ts";

/** The connections of a store, each looked at before it is used. */
export class PostgresConnections<Schema> {
  readonly #look: ((db: Kysely<Schema>) => Promise<boolean>) | undefined;
  readonly #open = new Set<Client>();

  /** `look` is a StoreKind's `onConnection`. */
  constructor(look: ((db: Kysely<Schema>) => Promise<boolean>) | undefined) {
    this.#look = look;
  }

  /** Throws what looking at the connection throws; then it must not be used. */
  async add(client: ClientBase): Promise<void> {
    if (this.#look === undefined) return;
    if (!(await this.#look(databaseOf(client)))) {
      // Work on them fails as it does when a connection breaks.
      for (const other of this.#open) other.connection.stream.destroy();
    }
    // pg's pools are made of clients, whatever the hook's type says.
    this.#open.add(client as Client);
    client.once("end", () => this.#open.delete(client as Client));
  }
}
