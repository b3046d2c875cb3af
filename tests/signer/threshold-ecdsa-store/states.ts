import type { ThresholdHome } from "../threshold-store/threshold-homes.ts";

/** A presignature's state changed, or its secrets and the signing did. */
interface Change {
  readonly id: string;
  readonly before: string;
  readonly after: string;
  readonly signing_before: string | null;
  readonly signing_after: string | null;
}

/** Where the signers' database is, and how to ask it. */
type Home = Pick<ThresholdHome, "file" | "query">;

/** Lets the database itself note every presignature and its changes from now on. */
export async function recordStates({ file, query }: Home): Promise<void> {
  await query(
    "create table states (id text, before text, after text, signing_before text, signing_after text)",
  );
  const changed = "insert into states values (old.id, old.state, new.state, old.signing_id, new.signing_id)";
  const made = "insert into states values (new.id, 'nothing', new.state, null, new.signing_id)";
  for (const [event, note] of [
    ["update", changed],
    ["insert", made],
  ]) {
    if (file !== undefined) {
      await query(`create trigger on_${event} after ${event} on threshold_presignatures begin ${note}; end`);
      continue;
    }
    await query(
      `create function note_${event}() returns trigger language plpgsql as $$ begin ${note}; return new; end $$`,
    );
    await query(
      `create trigger on_${event} after ${event} on threshold_presignatures
        for each row execute function note_${event}()`,
    );
  }
}

/** Ways that a presignature may go. */
const ALLOWED = ["nothing → available", "available → reserved", "reserved → used", "reserved → destroyed"];

/** One sentence for each change that must never be; and how many there were of each kind. */
export async function changesOf({ query }: Pick<Home, "query">) {
  const changes = await query<Change>("select * from states");
  const ways = new Map<string, number>();
  const wrong: string[] = [];
  const seen = new Set<string>();
  for (const { id, before, after, signing_before, signing_after } of changes) {
    const way = `${before} → ${after}`;
    ways.set(way, (ways.get(way) ?? 0) + 1);
    if (!ALLOWED.includes(way)) wrong.push(`${id} went ${way}`);
    if (signing_before !== null && signing_before !== signing_after) wrong.push(`${id} changed its signing`);
    if (seen.has(`${id} ${way}`)) wrong.push(`${id} went ${way} twice`);
    seen.add(`${id} ${way}`);
  }
  return { wrong, ways: Object.fromEntries(ways) };
}
