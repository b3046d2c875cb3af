import type { AcceptInput, AuditEntry, Ledger } from "@countersign/server/ledger/ledger.ts";
import { expect, it, onTestFinished } from "vitest";
import { createDatabase, postgresUrl } from "../support/postgres.ts";
import { at, creation, delegate, NETWORK, reservation } from "./builders.ts";
import { postgresHome } from "./engines.ts";
import { overEngines } from "./over-engines.ts";
import { auditLog } from "./protection-builders.ts";

/** All at once, and so in one batch where they may share one. */
async function together(ledger: Ledger, inputs: readonly AcceptInput[]): Promise<string[]> {
  const results = await Promise.all(inputs.map((input) => ledger.accept(input)));
  return results.map(({ outcome }) => outcome);
}

function ofKey(name: string, publicKey: string, nonce: bigint): AcceptInput {
  const input = delegate(name);
  if (input.replayMark === null) throw new Error("a delegate has a mark");
  return { ...input, replayMark: { ...input.replayMark, publicKey, nonce } };
}

/** The submission that an entry is about. */
const submissionOf = ({ detail }: AuditEntry) => String(JSON.parse(detail).submission);

const exclusive = (name: string, accountId: string) => ({
  ...creation(name, { accountId }),
  exclusiveAccount: true,
});

overEngines("accepting together", (on) => {
  it.each([1, 2, 7, 9, 30, 100])("finds a passed nonce among %i", async (count) => {
    await on.ledger.accept(ofKey("first", "ed25519:k", 7n));
    const others = Array.from({ length: count - 1 }, (_, i) => delegate(`n${i}`));
    const outcomes = await together(on.ledger, [...others, ofKey("passed", "ed25519:k", 6n)]);
    expect(outcomes).toEqual([...others.map(() => "accepted"), "nonce-passed"]);
  });

  it("takes rising nonces of one key for no passed ones", async () => {
    const inputs = Array.from({ length: 128 }, (_, i) => ofKey(`n${i}`, "ed25519:k", BigInt(i)));
    expect(await together(on.ledger, inputs)).toEqual(inputs.map(() => "accepted"));
  });

  it("decides each on its own, and stores nothing of those that are refused", async () => {
    await together(on.ledger, [
      ofKey("old", "ed25519:k", 7n),
      exclusive("busy", "new.testnet"),
      delegate("before"),
    ]);
    const inputs = [
      delegate("a"),
      ofKey("replayed", "ed25519:k", 7n),
      { ...delegate("b"), idempotencyKey: "key-before" },
      ofKey("passed", "ed25519:k", 6n),
      ofKey("next", "ed25519:k", 8n),
      exclusive("c", "new.testnet"),
      exclusive("d", "other.testnet"),
      { ...delegate("before"), submission: { ...delegate("before").submission, id: "sub_again" } },
      delegate("e", { budget: reservation({ "user-day": { gas: 1n } }) }),
      delegate("f"),
    ];
    expect(await together(on.ledger, inputs)).toEqual([
      "accepted",
      "replayed",
      "key-reused",
      "nonce-passed",
      "accepted",
      "account-busy",
      "accepted",
      "repeated",
      "budget-exhausted",
      "accepted",
    ]);
    const listed = await on.ledger.listSubmissions({ tenant: "default", limit: 50 });
    const ids = ["a", "before", "busy", "d", "f", "next", "old"].map((name) => `sub_${name}`);
    expect(listed.map(({ id }) => id).toSorted()).toEqual(ids);
    const audited = await auditLog(on.ledger, "default");
    expect(audited.map(submissionOf).toSorted()).toEqual(ids);
    // Nothing is left of them that could stand in their way.
    const again = [ofKey("replayed", "ed25519:k", 9n), delegate("e")];
    expect(await together(on.ledger, again)).toEqual(["accepted", "accepted"]);
    const [day] = await on.ledger.budgetUse("default", at(0));
    expect(day?.used.gas).toBe(30n * 10n ** 12n * 9n);
  });

  it("gives a budget to those that come first, and tells each how it stands after it", async () => {
    const budget = reservation({ "tenant-month": { accounts: 5n } }, { accounts: 2n });
    const small = reservation({ "tenant-month": { accounts: 5n } }, { accounts: 1n }, "user:bob");
    const results = await Promise.all(
      [budget, budget, budget, small, small].map((one, i) =>
        on.ledger.accept({ ...creation(`n${i}`), budget: one }),
      ),
    );
    expect(
      results.map((result) =>
        result.outcome === "accepted" ? result.budget.map(({ used }) => used) : result.outcome,
      ),
    ).toEqual([[2n], [4n], "budget-exhausted", [5n], "budget-exhausted"]);
  });

  it("never fills the queue above its bound", async () => {
    const inputs = Array.from({ length: 30 }, (_, i) => ({ ...creation(`n${i}`), maxOpen: 20 }));
    const found = await together(on.ledger, inputs);
    expect(found).toEqual([
      ...Array.from({ length: 20 }, () => "accepted"),
      ...Array.from({ length: 10 }, () => "queue-full"),
    ]);
    expect(await on.ledger.countOpen()).toBe(20);
  });

  it("accepts two of one delegate or key once", async () => {
    const same = { ...delegate("a"), idempotencyKey: "other" };
    const twice = { ...same, submission: { ...same.submission, id: "sub_twice" } };
    const again = { ...delegate("a"), submission: { ...delegate("a").submission, id: "sub_again" } };
    expect(await together(on.ledger, [delegate("a"), twice, again, delegate("b")])).toEqual([
      "accepted",
      "replayed",
      "repeated",
      "accepted",
    ]);
  });

  it("keeps the order in which they came", async () => {
    const marks = Array.from({ length: 70 }, (_, i) => ofKey(`n${i}`, "ed25519:k", BigInt(i)));
    expect(new Set(await together(on.ledger, marks))).toEqual(new Set(["accepted"]));
    const events = await auditLog(on.ledger, "default");
    expect(events.map(submissionOf)).toEqual(marks.map(({ submission }) => submission.id));
  });
});

it.skipIf(postgresUrl === undefined)(
  "replicas never wait in a circle for what both accept, each in another order",
  async () => {
    const database = await createDatabase();
    const home = postgresHome(database);
    onTestFinished(() => home.remove());
    // A circle lasts until the statements are given up: else its end would not be seen from outside.
    const [{ name } = { name: "" }] = await database.query<{ name: string }>(
      "select current_database() as name",
    );
    await database.query(`alter database ${name} set deadlock_timeout = '1min'`);
    const [one, other] = [await home.open(), await home.open()];
    const names = ["a", "b", "c"];
    // Of two tenants: only the delegates' marks are the same.
    const theirs = names.map((name) => {
      const input = delegate(name, { tenant: "other" });
      return { ...input, submission: { ...input.submission, id: `sub_other_${name}` } };
    });
    // Both come as far as the delegate in the middle, which somebody holds, and go on when it is free.
    await database.query("begin");
    await database.query(
      `insert into replay_marks values ('${NETWORK}', 'alice.testnet', 'ed25519:b', 7, 'hash-b', 1, 'sub_held')`,
    );
    const results = Promise.all([
      together(
        one,
        names.map((name) => delegate(name)),
      ),
      together(other, theirs.toReversed()),
    ]);
    // Other databases of the server have locks of their own.
    const blocked =
      "select 1 from pg_locks join pg_stat_activity using (pid) where not granted and datname = $1";
    const waiting = async () => (await database.query(blocked, [name])).length;
    await expect.poll(waiting, { timeout: 10_000 }).toBe(2);
    await database.query("rollback");
    const [mine, others] = await results;
    expect([...mine, ...others].toSorted()).toEqual(["accepted", "replayed"].flatMap((o) => [o, o, o]));
  },
);
