import { type Kysely, sql } from "kysely";
import type { LedgerSchema } from "./schema.ts";

/** Groups that one look goes through. */
const GROUPS = 128;

/**
 * Goes round the ordering groups that have open submissions, a few with each look, so that each gets its turn whatever
 * waits in the others.
 */
export class GroupRounds {
  /** The last group that was passed, by network. */
  readonly #passed = new Map<string, string>();

  /**
   * Of each of the next groups the first submission that is in no block yet; it may be claimed already. The same groups
   * come again until they are passed.
   */
  async look(
    db: Kysely<LedgerSchema>,
    network: string,
  ): Promise<{ readonly firsts: readonly string[]; readonly pass: () => void }> {
    const rows = await firstsAfter(db, network, this.#passed.get(network) ?? "");
    const last = rows.at(-1);
    return {
      firsts: rows.flatMap(({ id }) => (id === null ? [] : [id])),
      pass: () => {
        if (rows.length < GROUPS || last === undefined) this.#passed.delete(network);
        else this.#passed.set(network, last.name);
      },
    };
  }
}

/** Steps from group to group through the index, past all that waits in each. */
async function firstsAfter(
  db: Kysely<LedgerSchema>,
  network: string,
  after: string,
): Promise<{ name: string; id: string | null }[]> {
  const nextGroup = (before: unknown) => sql`(select o.ordering_group from submissions as o
    where o.network = ${network} and o.ordering_group > ${before} and o.terminal_at is null
    order by o.ordering_group limit 1)`;
  const { rows } = await sql<{ name: string; id: string | null }>`
    with recursive groups (name, place) as (
      select ${nextGroup(after)}, 1
      union all
      select ${nextGroup(sql`groups.name`)}, groups.place + 1 from groups
      where groups.name is not null and groups.place < ${sql.lit(GROUPS)}
    )
    select groups.name, (select f.id from submissions as f
      where f.network = ${network} and f.ordering_group = groups.name and f.terminal_at is null
      and f.state <> 'INCLUDED' order by f.created_at, f.id limit 1) as id
    from groups where groups.name is not null order by groups.place`.execute(db);
  return rows;
}
