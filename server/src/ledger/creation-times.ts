import { ListStatement, toMillis } from "@countersign/sql";
import type { Kysely, Transaction } from "kysely";
import type { LedgerSchema } from "./schema.ts";
import type { AcceptInput } from "./types.ts";

/** With the time at which it counts as created, in milliseconds since the epoch. */
export interface TimedInput {
  readonly input: AcceptInput;
  readonly createdAt: bigint;
}

const GROUP_COLUMNS = { network: "text", ordering_group: "text", at: "bigint" } as const;

/** Of each group the newest that is open, where that was accepted at the time or later. */
const NEWEST = new ListStatement(GROUP_COLUMNS, (db: Kysely<LedgerSchema>, groups) =>
  db.selectFrom(groups).select((eb) => [
    "v.network",
    "v.ordering_group",
    eb
      .selectFrom("submissions as earlier")
      .select(({ fn }) => fn.max("created_at").as("at"))
      .whereRef("earlier.network", "=", "v.network")
      .whereRef("earlier.ordering_group", "=", "v.ordering_group")
      .where("earlier.terminal_at", "is", null)
      .whereRef("earlier.created_at", ">=", "v.at")
      .as("newest"),
  ]),
);

/**
 * When each counts as created, which rises within a group in the order of acceptance: when it was accepted, or a
 * millisecond after the newest that is open of its group where that was accepted later: by the clock of another
 * replica, or in the same millisecond.
 */
export async function withCreationTimes(
  trx: Transaction<LedgerSchema>,
  inputs: readonly AcceptInput[],
): Promise<TimedInput[]> {
  const newest = await newestOfGroups(trx, inputs);
  return inputs.map((input) => {
    const name = groupOf(input);
    const at = toMillis(input.at, "at");
    const before = name === undefined ? undefined : newest.get(name);
    const createdAt = before === undefined || before < at ? at : before + 1n;
    if (name !== undefined) newest.set(name, createdAt);
    return { input, createdAt };
  });
}

/** Where none is as new as the first input of the group, there is none that matters. */
async function newestOfGroups(
  trx: Transaction<LedgerSchema>,
  inputs: readonly AcceptInput[],
): Promise<Map<string, bigint>> {
  const since = new Map<string, readonly [network: string, group: string, at: bigint]>();
  for (const input of inputs) {
    const name = groupOf(input);
    if (name === undefined || since.has(name)) continue;
    since.set(name, [input.submission.network, input.orderingGroup ?? "", toMillis(input.at, "at")]);
  }
  const rows = await NEWEST.run(trx, [...since.values()]);
  return new Map(
    rows.flatMap(({ network, ordering_group, newest }) =>
      newest === null ? [] : [[JSON.stringify([network, ordering_group]), newest]],
    ),
  );
}

function groupOf({ submission, orderingGroup }: AcceptInput): string | undefined {
  return orderingGroup == null ? undefined : JSON.stringify([submission.network, orderingGroup]);
}
