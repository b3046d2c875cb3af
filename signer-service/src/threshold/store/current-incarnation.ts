import { sql } from "kysely";

/**
 * The store's life of this very moment, read by the statement that asks for it: rows of another one are as if they were
 * not there. A store without one takes no rows, and shows none.
 */
export const currentIncarnation = sql<string>`(select si.incarnation from store_identity as si)`;
