import { DatabaseSync } from "node:sqlite";
import { Kysely, sql } from "kysely";
import { beforeEach, expect, it, onTestFinished } from "vitest";
import { ShapedStatement } from "./shaped-statement.ts";
import { NodeSqliteDialect } from "./sqlite-dialect.ts";

interface Schema {
  things: { name: string; place: bigint };
}

interface Asked {
  readonly names: readonly string[] | undefined;
  readonly not: readonly string[];
  readonly from: bigint;
  readonly to: bigint | undefined;
  readonly backwards: boolean;
}

const NAMES = new ShapedStatement((db: Kysely<Schema>, { names, not, from, to, backwards }: Asked) => {
  built++;
  let found = db.selectFrom("things").select("name").where("place", "<", 1_000n);
  if (not.length > 0) found = found.where("name", "not in", not);
  // Twice, and after what stands behind it in what is asked.
  if (to !== undefined) found = found.where("place", "<=", to);
  found = found.where("place", ">=", from).where(sql<boolean>`place + ${from} >= ${from}`);
  if (names !== undefined) found = found.where("name", "in", names);
  return found.orderBy("place", backwards ? "desc" : "asc");
});

let built = 0;
let db: Kysely<Schema>;

beforeEach(() => {
  built = 0;
  const connection = new DatabaseSync(":memory:");
  connection.exec("create table things (name text primary key not null, place bigint not null)");
  connection.exec("insert into things values ('a', 1), ('b', 2), ('c', 3), ('d', 4), ('e', 5), ('z', 1000)");
  db = new Kysely<Schema>({ dialect: new NodeSqliteDialect(connection) });
  onTestFinished(() => db.destroy());
});

const ALL: Asked = { names: undefined, not: [], from: 0n, to: undefined, backwards: false };

async function ask(asked: Partial<Asked> = {}): Promise<string> {
  const rows = await NAMES.run(db, { ...ALL, ...asked });
  return rows.map(({ name }) => name).join("");
}

it("has each parameter where the statement has it", async () => {
  expect(await ask()).toBe("abcde");
  expect(await ask({ from: 2n })).toBe("bcde");
  expect(await ask({ from: 2n, to: 4n })).toBe("bcd");
  expect(await ask({ from: 2n, to: 3n, backwards: true })).toBe("cb");
  expect(await ask({ names: ["a", "c", "e", "z"], not: ["a"], from: 1n, to: 9n })).toBe("ce");
  expect(await ask({ names: ["c", "d"], not: ["d", "e"], from: 0n, to: 9n })).toBe("c");
});

it("tells shapes apart by what is missing and by how much is in which list", async () => {
  // Each pair has as many parameters.
  expect(await ask({ from: 4n, to: undefined, not: ["a"] })).toBe("de");
  expect(await ask({ from: 1n, to: 2n, not: [] })).toBe("ab");
  expect(await ask({ names: ["a"], not: ["b", "c"] })).toBe("a");
  expect(await ask({ names: ["a", "b"], not: ["c"] })).toBe("ab");
  expect(await ask({ backwards: true })).toBe("edcba");
  expect(await ask({ backwards: false })).toBe("abcde");
});

it("takes what is asked in any order", async () => {
  expect(await ask({ from: 2n, to: 4n })).toBe("bcd");
  const { names, not, backwards } = ALL;
  const rows = await NAMES.run(db, { names, not, to: 4n, from: 2n, backwards });
  expect(rows.map(({ name }) => name).join("")).toBe("bcd");
});

it("is built once for lists of about a length", async () => {
  const letters = [..."abcde"];
  for (const length of [1, 2, 3, 4, 5, 4, 3]) {
    expect(await ask({ names: letters.slice(0, length) })).toBe(letters.slice(0, length).join(""));
  }
  // One, two, four and eight names.
  expect(built).toBeLessThanOrEqual(4);
  const before = built;
  expect(await ask({ names: letters.slice(1, 4), from: 3n })).toBe("cd");
  expect(built).toBe(before);
});

it("takes an empty list for one", async () => {
  expect(await ask({ names: [] })).toBe("");
});
