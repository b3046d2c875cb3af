import { FencedError, LedgerUnavailableError } from "@countersign/server/ledger/errors.ts";
import type { Ledger } from "@countersign/server/ledger/ledger.ts";
import { openLedger } from "@countersign/server/ledger/open-ledger.ts";
import { Secret } from "@countersign/service-kit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createDatabase, type TestDatabase } from "../support/postgres.ts";
import {
  at,
  claimed,
  creation,
  delegate,
  failed,
  heldLane,
  reservation,
  signed,
  TGAS,
  TTL_MS,
} from "./builders.ts";
import { type LedgerHome, postgres, postgresHome } from "./engines.ts";
import { apiKey, audit, pause, tenants } from "./protection-builders.ts";

const PATIENT = { timeout: 8_000 };

/** How many connections to the database wait for a lock. */
async function waiting(database: TestDatabase): Promise<number> {
  await database.query("select pg_stat_clear_snapshot()");
  const [row] = await database.query<{ count: string }>(
    "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
  );
  return Number(row?.count);
}

describe.skipIf(!postgres.available)("a PostgreSQL ledger", () => {
  let database: TestDatabase;
  let home: LedgerHome;
  beforeEach(async () => {
    database = await createDatabase();
    home = postgresHome(database);
  });
  afterEach(() => home.remove());

  it("lets two replicas start on an empty database at the same time", async () => {
    const ledgers = await Promise.all([home.open(), home.open(), home.open()]);
    for (const [i, ledger] of ledgers.entries()) await ledger.accept(creation(`n${i}`));
    expect(await ledgers[0]?.countOpen()).toBe(3);
  });

  it("accepts one of fifty calls with one key from two replicas at the same time", async () => {
    const ledgers = await Promise.all([home.open(), home.open()]);
    const calls = Array.from({ length: 50 }, (_, i) => {
      const input = delegate("a");
      const submission = { ...input.submission, id: `sub_${i}` };
      return (ledgers[i % 2] as Ledger).accept({ ...input, submission });
    });
    const results = await Promise.all(calls);
    const accepted = results.filter(({ outcome }) => outcome === "accepted");
    expect(accepted).toHaveLength(1);
    const ids = results.map((result) => ("submission" in result ? result.submission.id : result.outcome));
    expect(new Set(ids).size).toBe(1);
    expect(await ledgers[1]?.countOpen()).toBe(1);
  });

  it("answers a key again after the call that claimed it first was refused beside it", async () => {
    const [one, two] = await Promise.all([home.open(), home.open()]);
    await one?.accept(delegate("held"));
    const { replayMark } = delegate("held");
    const { submission } = delegate("x");
    const doomed = { ...delegate("x"), replayMark, submission: { ...submission, delegateHash: "hash-held" } };
    const fine = { ...delegate("x"), submission: { ...submission, id: "sub_fine" } };
    for (let i = 0; i < 20; i++) {
      const key = { idempotencyKey: `key-${i}` };
      const id = { ...fine.submission, id: `sub_fine${i}`, delegateHash: null };
      const results = await Promise.all([
        one?.accept({ ...doomed, ...key }),
        two?.accept({ ...fine, ...key, submission: id, replayMark: null }),
      ]);
      expect(results[1]?.outcome).toBe("accepted");
      expect(["replayed", "repeated"]).toContain(results[0]?.outcome);
    }
  });

  it("makes lanes once when two replicas ask at the same time", async () => {
    const ledgers = await Promise.all([home.open(), home.open()]);
    const keys = Array.from({ length: 6 }, (_, i) => ({
      network: "testnet",
      accountId: "relayer.testnet",
      publicKey: `ed25519:${i}`,
      keyId: `key-${i}`,
    }));
    const [one, two] = await Promise.all(ledgers.map((ledger) => ledger.ensureLanes(keys)));
    expect(one).toEqual(two);
    expect(new Set(one?.map(({ id }) => id)).size).toBe(6);
  });

  it("gives a free lane to one of many replicas that ask at the same time", async () => {
    const ledgers = await Promise.all([home.open(), home.open()]);
    const [lane] =
      (await ledgers[0]?.ensureLanes([
        { network: "testnet", accountId: "relayer.testnet", publicKey: "ed25519:1", keyId: "1" },
      ])) ?? [];
    const leases = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        ledgers[i % 2]?.acquireLane(lane?.id ?? 0, `relay-${i}`, at(0), TTL_MS),
      ),
    );
    expect(leases.filter((lease) => lease !== null)).toHaveLength(1);
  });

  it("leaves no connection open when it is closed", async () => {
    const ledger = await home.open();
    await heldLane(ledger);
    await ledger.close();
    const connections = () =>
      database.query(
        "select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
      );
    await expect.poll(async () => (await connections()).length, { timeout: 5_000 }).toBe(0);
  });

  it("claims and renews beside a write of the same lane that is under way", async () => {
    const ledger = await home.open();
    const lane = await heldLane(ledger);
    const [a] = await claimed(ledger, lane, "a");
    if (a === undefined) throw new Error("nothing claimed");
    await ledger.accept(delegate("b"));
    await database.query("begin");
    await database.query("lock table attempts in exclusive mode");
    const write = ledger.recordSigned(lane, [signed(a)]);
    await expect.poll(() => waiting(database), PATIENT).toBe(1);
    expect(await ledger.renewLane(lane, at(1), TTL_MS)).toBe(true);
    const [b] = await ledger.claim({ ...lane, limit: 1, nonceFloor: 0n });
    expect(b).toMatchObject({ submissionId: "sub_b", nonce: a.nonce + 1n });
    await database.query("rollback");
    await write;
  });

  it("makes a takeover wait for a write under way, and fences the next one", async () => {
    const [one, two] = await Promise.all([home.open(), home.open()]);
    const lane = await heldLane(one as Ledger);
    const [a, b] = await claimed(one as Ledger, lane, "a", "b");
    if (a === undefined || b === undefined) throw new Error("nothing claimed");
    await database.query("begin");
    await database.query("lock table attempts in exclusive mode");
    const write = one?.recordSigned(lane, [signed(a)]);
    await expect.poll(() => waiting(database), PATIENT).toBe(1);
    const takeover = two?.acquireLane(lane.id, "relay-2", at(TTL_MS), TTL_MS);
    await expect.poll(() => waiting(database), PATIENT).toBe(2);
    await database.query("rollback");
    await write;
    expect(await takeover).toMatchObject({ epoch: lane.epoch + 1n });
    expect((await two?.openWork(lane.id))?.[0]).toMatchObject({ submissionId: "sub_a", state: "SIGNED" });
    await expect(one?.recordSigned(lane, [signed(b)])).rejects.toThrow(FencedError);
  });

  it("locks a tenant's budgets before its users', whoever writes them: two never wait for each other", async () => {
    const [one, two] = await Promise.all([home.open(), home.open()]);
    const lane = await heldLane(one as Ledger);
    await claimed(one as Ledger, lane, "a", "b");
    const lock = (user: string, period: string, rest: string) =>
      database.query(
        `select 1 from budget_use where budget_user = $1 and period like $2 for update ${rest}`,
        [user, period],
      );
    await database.query("begin");
    await lock("", "day:%", "");
    const writes = [
      one?.recordTerminal(lane, [failed("sub_a", "REJECTED"), failed("sub_b", "REJECTED")]),
      two?.accept(creation("c")),
    ];
    await expect.poll(() => waiting(database), PATIENT).toBe(2);
    // Neither holds any of the others yet.
    expect(await lock("", "month:%", "nowait")).toHaveLength(1);
    expect(await lock("user:alice", "%", "nowait")).toHaveLength(2);
    await database.query("rollback");
    await Promise.all(writes);
    const [day] = (await two?.budgetUse("default", at(0))) ?? [];
    expect(day?.used).toEqual(reservation().amounts);
  });

  it("reads what may be done, takes pauses and renews leases while every ordinary connection waits", async () => {
    const ledger = await home.open();
    const lane = await heldLane(ledger);
    await tenants(ledger, "shop");
    await database.query("begin");
    await database.query("lock table idempotency in access exclusive mode");
    const accepts = Promise.all(
      Array.from({ length: 40 }, (_, i) => ledger.accept({ ...creation(`n${i}`), tenant: `t${i % 20}` })),
    );
    await expect.poll(() => waiting(database), PATIENT).toBe(16);

    expect(await ledger.revision()).toBe(1n);
    await ledger.putPause(pause(), audit);
    expect(await ledger.snapshot()).toMatchObject({ revision: 2n, pauses: [pause()] });
    await ledger.createApiKey(apiKey("a"), null, audit);
    expect(await ledger.listApiKeys("shop")).toHaveLength(1);
    await ledger.deletePause("RELAY", "", audit);
    expect(await ledger.renewLane(lane, at(1), TTL_MS)).toBe(true);
    await ledger.releaseLane(lane);
    expect(await ledger.acquireLane(lane.id, "relay-2", at(2), TTL_MS)).not.toBeNull();
    expect(await waiting(database)).toBe(16);
    await database.query("rollback");
    expect((await accepts).every(({ outcome }) => outcome === "accepted")).toBe(true);
  });

  it("accepts for one tenant while another one's accepts wait for their budgets", async () => {
    const ledger = await home.open();
    await ledger.accept(creation("first"));
    await database.query("begin");
    await database.query("select 1 from budget_use where tenant = 'default' for update");
    const waits = Promise.all(Array.from({ length: 40 }, (_, i) => ledger.accept(creation(`n${i}`))));
    await expect.poll(() => waiting(database), PATIENT).toBe(1);
    expect((await ledger.accept({ ...creation("other"), tenant: "other" })).outcome).toBe("accepted");
    await database.query("rollback");
    expect((await waits).every(({ outcome }) => outcome === "accepted")).toBe(true);
  });

  it("refuses what an exhausted budget has refused just before without waiting for the budget's rows", async () => {
    const ledger = await home.open();
    const input = (name: string, user: string, limit = 50n * TGAS, ms = 0) => ({
      ...creation(name),
      budget: reservation({ "tenant-day": { gas: limit } }, {}, user),
      at: at(ms),
    });
    expect(await ledger.accept(input("a", "user:alice"))).toMatchObject({ outcome: "accepted" });
    await ledger.accept({ ...delegate("d"), tenant: "other" });
    const refused = await ledger.accept(input("b", "user:alice"));
    expect(refused).toMatchObject({ outcome: "budget-exhausted", level: { used: 30n * TGAS } });
    await database.query("begin");
    await database.query("select 1 from budget_use for update");
    // The tenant's budget is gone for each of its users.
    expect(await ledger.accept(input("b", "user:alice"))).toEqual(refused);
    expect(await ledger.accept(input("b", "user:bob", undefined, 900))).toEqual(refused);
    // A call that was accepted is answered as ever: no row of a budget is in its way.
    expect(await ledger.accept(input("a", "user:alice"))).toMatchObject({
      outcome: "repeated",
      submission: { id: "sub_a" },
    });
    // A delegate that was accepted, for whomever, is a replay.
    const replay = { ...delegate("d"), idempotencyKey: "another", budget: input("d", "user:alice").budget };
    const { submission } = replay;
    const replayed = await ledger.accept({ ...replay, submission: { ...submission, id: "sub_e" } });
    expect(replayed).toEqual({ outcome: "replayed" });
    // With a higher bound, and after a second, the transaction decides again.
    const allowed = ledger.accept(input("b", "user:alice", 60n * TGAS));
    await expect.poll(() => waiting(database), PATIENT).toBe(1);
    await database.query("rollback");
    expect(await allowed).toMatchObject({ outcome: "accepted" });
    await database.query("begin");
    await database.query("select 1 from budget_use for update");
    const later = ledger.accept(input("c", "user:alice", undefined, 5_000));
    await expect.poll(() => waiting(database), PATIENT).toBe(1);
    await database.query("rollback");
    expect(await later).toMatchObject({ outcome: "budget-exhausted" });
  });

  it("says that it is unavailable when its connections are cut, writes nothing by half, and recovers", async () => {
    const ledger = await home.open();
    const lane = await heldLane(ledger);
    await database.query("begin");
    await database.query("lock table transitions in exclusive mode");
    // Some fail while the connections are being cut: their rejections must not go unheard until then.
    const settled = Promise.allSettled(
      Array.from({ length: 40 }, (_, i) => ledger.accept(creation(`n${i}`))),
    );
    await expect.poll(() => waiting(database), PATIENT).toBeGreaterThan(0);
    await database.cutConnections();
    await database.query("rollback");
    const results = await settled;
    const lost = results.filter((result) => result.status === "rejected");
    expect(lost.length).toBeGreaterThan(0);
    for (const { reason } of lost) expect(reason).toBeInstanceOf(LedgerUnavailableError);

    const repeated = await Promise.all(
      Array.from({ length: 40 }, (_, i) => ledger.accept(creation(`n${i}`))),
    );
    for (const [i, { outcome }] of repeated.entries()) {
      if (results[i]?.status === "fulfilled") expect(outcome).toBe("repeated");
    }
    expect(await ledger.claim({ ...lane, limit: 100, nonceFloor: 1n })).toHaveLength(40);
    const [half] = await database.query<{ count: bigint }>(
      "select count(*) from submissions s where not exists (select 1 from transitions t where t.submission_id = s.id)",
    );
    expect(Number(half?.count)).toBe(0);
  });

  it("survives that an idle connection is cut", async () => {
    const ledger = await home.open();
    await Promise.all([ledger.ping(), ledger.ping(), ledger.ping()]);
    await database.cutConnections();
    await expect
      .poll(
        () =>
          ledger.ping().then(
            () => "answers",
            () => "unavailable",
          ),
        PATIENT,
      )
      .toBe("answers");
  });

  it("is refused when a crash of the server could lose commits", async () => {
    const [{ name } = { name: "" }] = await database.query<{ name: string }>(
      "select current_database() as name",
    );
    await database.query(`alter database ${name} set synchronous_commit = off`);
    await expect(home.open()).rejects.toThrow(/synchronous_commit off/);
  });

  it("says that it is unavailable when nothing listens, without the password", async () => {
    const url = new URL(database.url);
    url.port = "1";
    url.password = "geheim";
    const refusal = openLedger(new Secret(url.href));
    await expect(refusal).rejects.toThrow(LedgerUnavailableError);
    await expect(refusal).rejects.not.toThrow(/geheim/);
  });
});
