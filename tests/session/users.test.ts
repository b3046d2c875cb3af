import { randomBytes } from "node:crypto";
import type { Ledger } from "@countersign/server/ledger/ledger.ts";
import type { PasskeyRecord, Users } from "@countersign/server/session/ports.ts";
import { createUsers } from "@countersign/server/session/users.ts";
import { expect, it } from "vitest";
import { at } from "../ledger/builders.ts";
import { type Context, overEngines } from "../ledger/over-engines.ts";
import { auditLog } from "../ledger/protection-builders.ts";
import { reasonOf } from "./reason-of.ts";

let clock = 0;
const usersOf = (store: Ledger): Users =>
  createUsers({ store, now: () => at(clock++), randomBytes, ended: { add: () => undefined } });

const passkey = (id: number, changes: Partial<PasskeyRecord> = {}): PasskeyRecord => ({
  credentialId: Uint8Array.of(1, 2, id),
  publicKey: Uint8Array.of(9, id),
  rpId: "wallet.example",
  name: `key ${id}`,
  backedUp: true,
  transports: ["internal", "hybrid"],
  ...changes,
});

const account = (subject: string, providerId = "google") => ({
  providerId,
  issuer: "https://accounts.example",
  subject,
});

/** Two replicas where the engine has them, else twice the same one. */
async function replicas({ ledger, engine, home }: Context): Promise<[Users, Users]> {
  return [usersOf(ledger), usersOf(engine.name === "postgres" ? await home.open() : ledger)];
}

const registered = (users: Users, id: number) =>
  users.createWithPasskey("shop", users.newUserId(), passkey(id), 0);

const kinds = async (ledger: Ledger, tenant = "shop") =>
  (await auditLog(ledger, tenant)).map(({ kind, actor }) => [kind, actor]);

overEngines("users", (on) => {
  it("are created with a passkey, and found by it and by their id", async () => {
    const users = usersOf(on.ledger);
    const user = await registered(users, 1);
    expect(user).toMatchObject({ tenant: "shop", mergedUsers: [] });
    expect(user.id).toMatch(/^u_[\w-]{22}$/);
    expect(user.identities).toMatchObject([{ kind: { case: "passkey", passkey: passkey(1) } }]);
    expect(await users.user("shop", user.id)).toEqual(user);
    expect(await users.passkey("shop", passkey(1).credentialId)).toEqual({
      userId: user.id,
      passkey: passkey(1),
    });
    expect(await users.user("other", user.id)).toBeUndefined();
    expect(await users.passkey("other", passkey(1).credentialId)).toBeUndefined();
    expect(await kinds(on.ledger)).toEqual([["user.created", `user:${user.id}`]]);
  });

  it("get one of many registrations of a passkey, from two replicas at the same time", async () => {
    const both = await replicas(on);
    const owner = await registered(both[0], 0);
    const calls = Array.from({ length: 20 }, (_, i) => {
      const users = both[i % 2] ?? both[0];
      return i % 3 === 0 ? users.addPasskey("shop", owner.id, passkey(1), 0) : registered(users, 1);
    });
    const settled = await Promise.allSettled(calls);
    expect(settled.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const one of settled) {
      if (one.status === "rejected")
        expect(await reasonOf(Promise.reject(one.reason))).toBe("PASSKEY_EXISTS");
    }
    // Nothing is left of the others.
    expect(await kinds(on.ledger)).toHaveLength(2);
  });

  it("may register the same passkey at two tenants", async () => {
    const users = usersOf(on.ledger);
    await registered(users, 1);
    await users.createWithPasskey("other", users.newUserId(), passkey(1), 0);
    expect((await users.passkey("other", passkey(1).credentialId))?.passkey).toEqual(passkey(1));
  });

  it("are one user however often an account signs in first, from two replicas at the same time", async () => {
    const both = await replicas(on);
    const calls = Array.from({ length: 20 }, (_, i) =>
      (both[i % 2] ?? both[0]).userOfAccount("shop", account("alice")),
    );
    const found = await Promise.all(calls);
    expect(new Set(found.map(({ id }) => id)).size).toBe(1);
    expect(found[0]?.identities).toMatchObject([{ kind: { case: "provider", account: account("alice") } }]);
    expect(await kinds(on.ledger)).toHaveLength(1);
  });

  it("are told apart by the account's issuer and subject, not by what the tenant calls the provider", async () => {
    const users = usersOf(on.ledger);
    const alice = await users.userOfAccount("shop", account("alice"));
    expect((await users.userOfAccount("shop", account("alice", "renamed"))).id).toBe(alice.id);
    expect((await users.userOfAccount("shop", account("bob"))).id).not.toBe(alice.id);
    const elsewhere = { ...account("alice"), issuer: "https://other.example" };
    expect((await users.userOfAccount("shop", elsewhere)).id).not.toBe(alice.id);
    expect((await users.userOfAccount("other", account("alice"))).id).not.toBe(alice.id);
  });

  it("link identities, oldest first, and each of them once", async () => {
    const users = usersOf(on.ledger);
    const { id } = await registered(users, 1);
    const linked = await users.linkAccount("shop", id, account("alice"));
    await users.addPasskey("shop", id, passkey(2), 5);
    expect(await users.linkAccount("shop", id, account("alice"))).toEqual(linked);
    expect((await users.user("shop", id))?.identities.map(({ kind }) => kind.case)).toEqual([
      "passkey",
      "provider",
      "passkey",
    ]);
    const other = await registered(users, 3);
    expect(await reasonOf(users.linkAccount("shop", other.id, account("alice")))).toBe(
      "IDENTITY_LINKED_ELSEWHERE",
    );
    expect(await reasonOf(users.addPasskey("shop", id, passkey(2), 5))).toBe("PASSKEY_EXISTS");
    const events = (await kinds(on.ledger)).map(([kind]) => kind);
    expect(events).toEqual(["user.created", "identity.linked", "identity.linked", "user.created"]);
  });

  it("link 64 identities and no more, also of many that are linked at the same time", async () => {
    const users = usersOf(on.ledger);
    const { id } = await registered(users, 0);
    const calls = Array.from({ length: 70 }, (_, i) =>
      reasonOf(users.addPasskey("shop", id, passkey(i + 1), 0)),
    );
    const reasons = await Promise.all(calls);
    expect(reasons.filter((reason) => reason === "none")).toHaveLength(63);
    expect(reasons.filter((reason) => reason === "FIELD_INVALID")).toHaveLength(7);
  });

  it("unlink what is theirs, but never the last, and an unlinked passkey may be registered again", async () => {
    const users = usersOf(on.ledger);
    const { id, identities } = await registered(users, 1);
    const first = identities[0]?.id ?? "";
    expect(await reasonOf(users.unlink("shop", id, first))).toBe("IDENTITY_IS_LAST");
    const linked = await users.linkAccount("shop", id, account("alice"));
    const other = await registered(users, 2);
    expect(await reasonOf(users.unlink("shop", other.id, first))).toBe("IDENTITY_NOT_FOUND");
    expect(await reasonOf(users.unlink("other", id, first))).toBe("CREDENTIALS_REVOKED");
    expect((await users.unlink("shop", id, first)).identities).toEqual([linked]);
    expect(await reasonOf(users.unlink("shop", id, first))).toBe("IDENTITY_NOT_FOUND");
    expect(await users.passkey("shop", passkey(1).credentialId)).toBeUndefined();
    expect((await registered(users, 1)).id).not.toBe(id);
  });

  it("keep one identity when the last two are unlinked from two replicas at the same time", async () => {
    const both = await replicas(on);
    for (let round = 0; round < 10; round++) {
      const user = await both[0].userOfAccount("shop", account(`user ${round}`));
      await both[0].addPasskey("shop", user.id, passkey(round), 0);
      const { identities } = (await both[0].user("shop", user.id)) ?? user;
      const reasons = await Promise.all(
        identities.map(({ id }, i) => reasonOf((both[i] ?? both[0]).unlink("shop", user.id, id))),
      );
      expect(reasons.sort()).toEqual(["IDENTITY_IS_LAST", "none"]);
      expect((await both[0].user("shop", user.id))?.identities).toHaveLength(1);
    }
  });

  it("become one with another, with all identities, and with those who became that one before", async () => {
    const users = usersOf(on.ledger);
    const [a, b, c] = [await registered(users, 1), await registered(users, 2), await registered(users, 3)];
    await users.merge("shop", b.id, c.id);
    const merged = await users.merge("shop", a.id, b.id);
    expect(merged.mergedUsers).toEqual([b.id, c.id].sort());
    expect(await users.mergedUsers("shop", a.id)).toEqual(merged.mergedUsers);
    expect(await users.mergedUsers("shop", b.id)).toEqual([]);
    expect(merged.identities).toEqual([...a.identities, ...b.identities, ...c.identities]);
    expect(await users.user("shop", b.id)).toBeUndefined();
    expect(await users.user("shop", c.id)).toBeUndefined();
    expect((await users.passkey("shop", passkey(3).credentialId))?.userId).toBe(a.id);
    // The answer may have been lost.
    expect(await users.merge("shop", a.id, b.id)).toEqual(merged);
    expect((await kinds(on.ledger)).filter(([kind]) => kind === "users.merged")).toEqual([
      ["users.merged", `user:${b.id}`],
      ["users.merged", `user:${a.id}`],
    ]);
  });

  it("that were merged do nothing any more, and their ids are nobody else's", async () => {
    const users = usersOf(on.ledger);
    const [a, b] = [await registered(users, 1), await registered(users, 2)];
    await users.merge("shop", a.id, b.id);
    const gone = [
      users.addPasskey("shop", b.id, passkey(4), 0),
      users.linkAccount("shop", b.id, account("alice")),
      users.unlink("shop", b.id, b.identities[0]?.id ?? ""),
      users.merge("shop", b.id, a.id),
    ];
    expect(new Set(await Promise.all(gone.map(reasonOf)))).toEqual(new Set(["CREDENTIALS_REVOKED"]));
    await expect(users.createWithPasskey("shop", b.id, passkey(5), 0)).rejects.toThrow();
    expect(await users.passkey("shop", passkey(5).credentialId)).toBeUndefined();
    for (const other of [a.id, "u_nobody"]) {
      expect(await reasonOf(users.merge("shop", a.id, other))).toBe("MERGE_PROOF_INVALID");
    }
    const elsewhere = await users.createWithPasskey("other", users.newUserId(), passkey(1), 0);
    expect(await reasonOf(users.merge("shop", a.id, elsewhere.id))).toBe("MERGE_PROOF_INVALID");
  });

  it("become one in one direction when two merges cross", async () => {
    const both = await replicas(on);
    for (let round = 0; round < 10; round++) {
      const [a, b] = [await registered(both[0], 2 * round), await registered(both[0], 2 * round + 1)];
      const merges = [both[0].merge("shop", a.id, b.id), both[1].merge("shop", b.id, a.id)];
      const reasons = await Promise.all(merges.map(reasonOf));
      expect(reasons.sort()).toEqual(["CREDENTIALS_REVOKED", "none"]);
      const left = [await both[0].user("shop", a.id), await both[0].user("shop", b.id)];
      const [user, none] = left[0] === undefined ? left.reverse() : left;
      expect(none).toBeUndefined();
      expect(user?.identities).toHaveLength(2);
      expect(user?.mergedUsers).toHaveLength(1);
    }
  });

  it("are made of 32 others at most", async () => {
    const users = usersOf(on.ledger);
    const user = await registered(users, 0);
    for (let i = 1; i <= 32; i++) await users.merge("shop", user.id, (await registered(users, i)).id);
    const another = await registered(users, 33);
    expect(await reasonOf(users.merge("shop", user.id, another.id))).toBe("FIELD_INVALID");
    expect(await users.user("shop", another.id)).toEqual(another);
  });

  it("have 64 identities at most, also after a merge", async () => {
    const users = usersOf(on.ledger);
    const [user, other] = [await registered(users, 100), await registered(users, 101)];
    for (let i = 0; i < 62; i++) await users.addPasskey("shop", user.id, passkey(i), 0);
    await users.addPasskey("shop", other.id, passkey(102), 0);
    expect(await reasonOf(users.merge("shop", user.id, other.id))).toBe("FIELD_INVALID");
    const [first] = other.identities;
    const left = await users.unlink("shop", other.id, first?.id ?? "");
    expect((await users.merge("shop", user.id, left.id)).identities).toHaveLength(64);
    expect((await users.merge("shop", user.id, left.id)).identities).toHaveLength(64);
  });

  it("have counters that rise, each value for one sign-in, or stay 0 for ever", async () => {
    const both = await replicas(on);
    const [users] = both;
    const { id } = await users.createWithPasskey("shop", users.newUserId(), passkey(1), 7);
    const { credentialId } = passkey(1);
    const note = (counter: number, by = users) =>
      by.notePasskeyUse("shop", id, credentialId, { counter, backedUp: false });
    for (const [counter, rose] of [
      [7, false],
      [6, false],
      [0, false],
      [8, true],
      [8, false],
      [2 ** 32 - 1, true],
    ] as const) {
      expect(await note(counter)).toBe(rose);
    }
    expect((await users.passkey("shop", credentialId))?.passkey.backedUp).toBe(false);
    expect((await kinds(on.ledger)).filter(([kind]) => kind === "passkey.counter-went-back")).toHaveLength(4);

    const synced = await registered(users, 2);
    const at0 = { counter: 0, backedUp: true };
    for (let i = 0; i < 2; i++) {
      expect(await users.notePasskeyUse("shop", synced.id, passkey(2).credentialId, at0)).toBe(true);
    }
    expect(await users.notePasskeyUse("other", synced.id, passkey(2).credentialId, at0)).toBe(false);

    const counting = await registered(users, 3);
    for (let counter = 1; counter <= 10; counter++) {
      const use = { counter, backedUp: true };
      const uses = Array.from({ length: 16 }, (_, i) =>
        (both[i % 2] ?? users).notePasskeyUse("shop", counting.id, passkey(3).credentialId, use),
      );
      expect((await Promise.all(uses)).filter(Boolean)).toHaveLength(1);
    }
  });

  it("stay over a restart", async () => {
    const user = await registered(usersOf(on.ledger), 1);
    await on.ledger.close();
    expect(await usersOf(await on.home.open()).user("shop", user.id)).toEqual(user);
  });

  it("cannot be had from a ledger that is closed", async () => {
    await on.ledger.close();
    expect(await reasonOf(usersOf(on.ledger).user("shop", "u_1"))).toBe("LEDGER_UNAVAILABLE");
  });
});
