import type { RefreshTokenHashes } from "@countersign/server/ledger/app-session-types.ts";
import type { AppSession, AuditEvent, Ledger, RefreshInput } from "@countersign/server/ledger/ledger.ts";
import { beforeEach, expect, it } from "vitest";
import { at, sha256 } from "./builders.ts";
import { overEngines } from "./over-engines.ts";

const IDLE_MS = 10_000;
const KEEP = 3;

const audit: AuditEvent = {
  tenant: "acme",
  kind: "session.begun",
  actor: "user:bob",
  at: at(0),
  detail: {},
};

function session(id: string, changes: Partial<AppSession> = {}): AppSession {
  const times = { createdAt: at(0), refreshedAt: at(0), idleAt: at(IDLE_MS), expiresAt: at(25_000) };
  return { id, tenant: "acme", userId: "bob", ...times, ...changes };
}

/** Makes a user, with an account of the same name. */
function signUp(ledger: Ledger, id: string) {
  const account = { providerId: "test", issuer: "https://issuer.example", subject: id };
  const kind = { case: "provider", account } as const;
  const created = { ...audit, kind: "user.created", actor: `user:${id}` };
  return ledger.createUser("acme", id, { id: `i_${id}`, createdAt: at(0), kind }, created);
}

/** Of the token of a name, whose family is called the same without any "+". */
const hashes = (name: string): RefreshTokenHashes => ({
  token: sha256(name),
  family: sha256(`family ${name.replaceAll("+", "")}`),
});

const merging = { merged: audit, sessionsEnded: { ...audit, kind: "session.ended" } };

/** Uses the token of a name; its successor's name has one more "+". */
function use(name: string, ms: number, changes: Partial<RefreshInput> = {}): RefreshInput {
  return {
    hashes: hashes(name),
    successorHash: sha256(`${name}+`),
    sealedSuccessor: Uint8Array.from(Buffer.from(`${name}+`)),
    now: at(ms),
    idleMs: IDLE_MS,
    retryMs: 1_000,
    ...changes,
  };
}

overEngines("app sessions", (on) => {
  beforeEach(async () => {
    for (const user of ["bob", "eve"]) await signUp(on.ledger, user);
  });
  const begin = (id: string, changes: Partial<AppSession> = {}) =>
    on.ledger.createAppSession(session(id, changes), hashes(id), KEEP, audit);

  it("are found by any of their tokens, and listed newest first", async () => {
    await begin("a");
    await begin("b", { createdAt: at(1) });
    await begin("other", { userId: "eve" });
    await on.ledger.refreshAppSession(use("a", 5));
    expect(await on.ledger.appSessionOfToken(hashes("a"), at(6))).toMatchObject({ id: "a" });
    expect(await on.ledger.appSessionOfToken(hashes("a+"), at(6))).toMatchObject({ id: "a" });
    expect(await on.ledger.appSessionOfToken(hashes("nobody's"), at(6))).toBeUndefined();
    const open = await on.ledger.listAppSessions("acme", "bob", at(6), 100);
    expect(open.map(({ id }) => id)).toEqual(["b", "a"]);
    expect(open[1]).toEqual(session("a", { refreshedAt: at(5), idleAt: at(5 + IDLE_MS) }));
  });

  it("go on with each refresh, up to their end", async () => {
    await begin("a");
    expect(await on.ledger.refreshAppSession(use("a", 9_000))).toMatchObject({
      outcome: "rotated",
      session: { idleAt: at(19_000) },
    });
    expect(await on.ledger.refreshAppSession(use("a+", 18_000))).toMatchObject({
      session: { idleAt: at(25_000), expiresAt: at(25_000) },
    });
    expect(await on.ledger.refreshAppSession(use("a++", 25_000))).toEqual({ outcome: "unknown" });
  });

  it("that nobody refreshes cannot be refreshed any more", async () => {
    await begin("a");
    expect(await on.ledger.refreshAppSession(use("a", IDLE_MS))).toEqual({ outcome: "unknown" });
    expect(await on.ledger.listAppSessions("acme", "bob", at(IDLE_MS), 100)).toEqual([]);
  });

  it("give the same successor again to who asks soon, while it is unused", async () => {
    await begin("a");
    const first = await on.ledger.refreshAppSession(use("a", 1));
    expect(first.outcome).toBe("rotated");
    const again = { successorHash: sha256("another"), sealedSuccessor: new Uint8Array(2) };
    expect(await on.ledger.refreshAppSession(use("a", 900, again))).toMatchObject({
      outcome: "repeated",
      sealedSuccessor: Uint8Array.from(Buffer.from("a+")),
    });
    expect((await on.ledger.refreshAppSession(use("another", 950))).outcome).toBe("unknown");
    expect((await on.ledger.refreshAppSession(use("a+", 960))).outcome).toBe("rotated");
  });

  it("end when a used token comes again after its time", async () => {
    await begin("a");
    await on.ledger.refreshAppSession(use("a", 1));
    expect((await on.ledger.refreshAppSession(use("a", 1_002))).outcome).toBe("reused");
    expect((await on.ledger.refreshAppSession(use("a+", 1_003))).outcome).toBe("unknown");
    expect((await on.ledger.appSessionEndings(0n, 10)).sessionIds).toEqual(["a"]);
  });

  it("end when a used token comes again after its successor was used, however soon", async () => {
    await begin("a");
    await on.ledger.refreshAppSession(use("a", 1));
    await on.ledger.refreshAppSession(use("a+", 2));
    expect((await on.ledger.refreshAppSession(use("a", 3))).outcome).toBe("reused");
    expect((await on.ledger.refreshAppSession(use("a++", 4))).outcome).toBe("unknown");
    await on.ledger.chainAudit(() => new Uint8Array(32), 10);
    const kinds = (await on.ledger.readAudit("acme", 1n, 10)).map(({ kind }) => kind);
    expect(kinds).toEqual(["user.created", "user.created", "session.begun", "session.token_reused"]);
  });

  it("keep two tokens at most, and know every used one that comes again", async () => {
    await begin("a");
    await begin("b");
    const REFRESHES = 40;
    for (let i = 0; i < REFRESHES; i++) {
      expect((await on.ledger.refreshAppSession(use(`a${"+".repeat(i)}`, i))).outcome).toBe("rotated");
    }
    // As many rows as a query that fails for more lets in.
    const most = "create unique index two_each on refresh_tokens (session_id, (used_at is null))";
    await on.home.execute(most);
    for (const old of [0, 1, REFRESHES - 2]) {
      const found = await on.ledger.appSessionOfToken(hashes(`a${"+".repeat(old)}`), at(50));
      expect(found?.id).toBe("a");
    }
    expect((await on.ledger.refreshAppSession(use("a+", 50))).outcome).toBe("reused");
    expect((await on.ledger.appSessionEndings(0n, 10)).sessionIds).toEqual(["a"]);
    expect((await on.ledger.refreshAppSession(use("b", 51))).outcome).toBe("rotated");
  });

  it("that began before there were families go on, and end when a used token comes again", async () => {
    await begin("a");
    await on.home.execute("update refresh_tokens set family_hash = null");
    const legacy = (name: string, ms: number) =>
      use(name, ms, { hashes: { ...hashes(name), family: sha256(name) } });
    expect((await on.ledger.refreshAppSession(legacy("a", 1))).outcome).toBe("rotated");
    const next = use("a+", 2, { hashes: { token: sha256("a+"), family: sha256("a") } });
    expect((await on.ledger.refreshAppSession(next)).outcome).toBe("rotated");
    expect((await on.ledger.refreshAppSession(legacy("a", 3))).outcome).toBe("reused");
  });

  it("end with the merge of their user, or nothing of the merge is there", async () => {
    await begin("eves", { userId: "eve" });
    await begin("bobs");
    const before = await on.ledger.findUser("acme", "eve");
    // What ends sessions fails.
    await on.home.execute("alter table app_session_sequence rename to away");
    await expect(on.ledger.mergeUsers("acme", "bob", "eve", merging)).rejects.toThrow();
    await on.home.execute("alter table away rename to app_session_sequence");
    expect(await on.ledger.findUser("acme", "eve")).toEqual(before);
    expect(await on.ledger.appSessionOfToken(hashes("eves"), at(1))).toMatchObject({ id: "eves" });
    expect(await on.ledger.mergeUsers("acme", "bob", "eve", merging)).toMatchObject({
      outcome: "merged",
      endedSessions: ["eves"],
    });
    expect((await on.ledger.appSessionEndings(0n, 10)).sessionIds).toEqual(["eves"]);
    expect(await on.ledger.appSessionOfToken(hashes("eves"), at(1))).toBeUndefined();
    expect(await on.ledger.appSessionOfToken(hashes("bobs"), at(1))).toMatchObject({ id: "bobs" });
    await on.ledger.chainAudit(() => new Uint8Array(32), 20);
    const kinds = (await on.ledger.readAudit("acme", 1n, 20)).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === "session.ended")).toHaveLength(1);
  });

  it("have one line of tokens, whatever uses one at the same time", async () => {
    await begin("a");
    const other = await on.home.open().catch(() => on.ledger);
    const uses = Array.from({ length: 20 }, (_, i) => {
      const own = {
        successorHash: sha256(`line ${i}`),
        sealedSuccessor: Uint8Array.from(Buffer.from(`line ${i}`)),
      };
      return (i % 2 === 0 ? on.ledger : other).refreshAppSession(use("a", 1, own));
    });
    const results = await Promise.all(uses);
    const lines = results.flatMap((result, i) => (result.outcome === "rotated" ? [`line ${i}`] : []));
    expect(lines).toHaveLength(1);
    for (const result of results) {
      if (result.outcome === "rotated") continue;
      expect(result).toMatchObject({ outcome: "repeated" });
      if (result.outcome === "repeated")
        expect(Buffer.from(result.sealedSuccessor).toString()).toBe(lines[0]);
    }
    const tokens = await Promise.all(
      Array.from({ length: 20 }, (_, i) => on.ledger.appSessionOfToken(hashes(`line ${i}`), at(2))),
    );
    expect(tokens.filter((found) => found !== undefined)).toHaveLength(1);
  });

  it("end once, and are told of in the order of their ends", async () => {
    for (const id of ["a", "b", "c"]) await begin(id);
    await begin("d", { userId: "eve" });
    expect(await on.ledger.endAppSessions("acme", "bob", "b", at(10), audit)).toEqual(["b"]);
    expect(await on.ledger.endAppSessions("acme", "bob", "b", at(11), audit)).toEqual([]);
    expect(await on.ledger.endAppSessions("acme", "bob", "d", at(11), audit)).toEqual([]);
    expect(await on.ledger.endAppSessions("other", "bob", "a", at(11), audit)).toEqual([]);
    const first = await on.ledger.appSessionEndings(0n, 10);
    expect(first).toEqual({ sequence: 1n, sessionIds: ["b"] });
    expect([...(await on.ledger.endAppSessions("acme", "bob", null, at(12), audit))].sort()).toEqual([
      "a",
      "c",
    ]);
    const then = await on.ledger.appSessionEndings(first.sequence, 1);
    const last = await on.ledger.appSessionEndings(then.sequence, 10);
    expect([...then.sessionIds, ...last.sessionIds].sort()).toEqual(["a", "c"]);
    expect(last.sequence).toBe(3n);
    expect(await on.ledger.appSessionEndings(3n, 10)).toEqual({ sequence: 3n, sessionIds: [] });
  });

  it("that ended since a time are all after the sequence of then", async () => {
    expect(await on.ledger.appSessionSequenceAt(at(0))).toBe(0n);
    for (const id of ["a", "b", "c"]) await begin(id);
    await on.ledger.endAppSessions("acme", "bob", "a", at(10), audit);
    await on.ledger.endAppSessions("acme", "bob", "b", at(20), audit);
    // A replica's clock is behind.
    await on.ledger.endAppSessions("acme", "bob", "c", at(15), audit);
    expect(await on.ledger.appSessionSequenceAt(at(5))).toBe(0n);
    expect(await on.ledger.appSessionSequenceAt(at(12))).toBe(1n);
    expect(await on.ledger.appSessionSequenceAt(at(17))).toBe(1n);
    expect(await on.ledger.appSessionSequenceAt(at(21))).toBe(3n);
  });

  it("are so many for one user, and the oldest end", async () => {
    for (const [i, id] of ["a", "b", "c"].entries())
      expect(await begin(id, { createdAt: at(i) })).toEqual([]);
    expect(await begin("eves", { userId: "eve" })).toEqual([]);
    expect(await begin("d", { createdAt: at(9) })).toEqual(["a"]);
    expect((await on.ledger.appSessionEndings(0n, 10)).sessionIds).toEqual(["a"]);
  });

  it("are not begun for a user that was merged into another one, whichever comes first", async () => {
    const replica = on.engine.name === "postgres" ? await on.home.open() : on.ledger;
    const begun = Array.from({ length: 20 }, (_, i) => begin(`eve-${i}`, { userId: "eve" }));
    await Promise.all([replica.mergeUsers("acme", "bob", "eve", merging), ...begun]);
    expect(await on.ledger.listAppSessions("acme", "eve", at(1), 100)).toEqual([]);
    expect(await begin("late", { userId: "eve" })).toBeUndefined();
    expect(await on.ledger.appSessionOfToken(hashes("late"), at(1))).toBeUndefined();
    expect(await begin("nobody's", { userId: "nobody" })).toBeUndefined();
    expect(await begin("bobs", { userId: "bob" })).toEqual([]);
  });

  it("are deleted with their tokens when they are long over", async () => {
    await begin("ended");
    await begin("idle", { idleAt: at(100) });
    await begin("open");
    await on.ledger.endAppSessions("acme", "bob", "ended", at(50), audit);
    expect(await on.ledger.pruneAppSessions(at(60))).toBe(1);
    expect(await on.ledger.pruneAppSessions(at(200))).toBe(1);
    expect(await on.ledger.pruneAppSessions(at(200))).toBe(0);
    expect((await on.ledger.refreshAppSession(use("ended", 51))).outcome).toBe("unknown");
    expect((await on.ledger.refreshAppSession(use("open", 201))).outcome).toBe("rotated");
    expect(await on.ledger.appSessionEndings(0n, 10)).toEqual({ sequence: 0n, sessionIds: [] });
  });
});
