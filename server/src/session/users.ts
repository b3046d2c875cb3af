import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import { boundedEvent } from "../audit/bounded-event.ts";
import type { AuditEvent } from "../ledger/audit-types.ts";
import { MAX_IDENTITIES, MAX_MERGED_USERS, type NewIdentity, type UserStore } from "../ledger/user-types.ts";
import type { EndedSessions } from "./ended-sessions.ts";
import type { PasskeyRecord, ProviderAccountRecord, UserRecord, Users } from "./ports.ts";
import { newUserId } from "./user-id.ts";

export interface UsersOptions {
  readonly store: UserStore;
  readonly now: () => Date;
  readonly randomBytes: (bytes: number) => Uint8Array;
  /** Told of the sessions that a merge has ended. */
  readonly ended: Pick<EndedSessions, "add">;
}

/** The users, with ids and times of this process, in the store. */
export function createUsers({ store, now, randomBytes, ended }: UsersOptions): Users {
  const newIdentity = (kind: NewIdentity["kind"]): NewIdentity => ({
    id: `i_${Buffer.from(randomBytes(16)).toString("base64url")}`,
    createdAt: now(),
    kind,
  });
  const event = (tenant: string, userId: string, kind: string, detail: AuditEvent["detail"]) =>
    boundedEvent({ tenant, kind, actor: `user:${userId}`, at: now(), detail });
  const create = (tenant: string, userId: string, identity: NewIdentity) =>
    store.createUser(
      tenant,
      userId,
      identity,
      event(tenant, userId, "user.created", identityDetail(identity)),
    );
  const add = async (tenant: string, userId: string, identity: NewIdentity) => {
    const audit = event(tenant, userId, "identity.linked", identityDetail(identity));
    const result = await store.addIdentity(tenant, userId, identity, audit);
    if (!("identity" in result)) throw result.outcome === "user-gone" ? userGone() : tooManyIdentities();
    return result;
  };

  return {
    newUserId: () => newUserId(randomBytes),
    user: (tenant, userId) => store.findUser(tenant, userId),
    mergedUsers: (tenant, userId) => store.findMergedUsers(tenant, userId),
    passkey: (tenant, credentialId) => store.findPasskey(tenant, credentialId),

    async createWithPasskey(tenant, userId, passkey, counter) {
      const result = await create(tenant, userId, newIdentity({ case: "passkey", passkey, counter }));
      if (result.outcome === "identity-exists") throw passkeyExists();
      return result.user;
    },
    async addPasskey(tenant, userId, passkey: PasskeyRecord, counter) {
      const result = await add(tenant, userId, newIdentity({ case: "passkey", passkey, counter }));
      if (result.outcome === "identity-exists") throw passkeyExists();
      return result.identity;
    },
    notePasskeyUse(tenant, userId, credentialId, use) {
      const audit = event(tenant, userId, "passkey.counter-went-back", { counter: use.counter });
      return store.notePasskeyUse(tenant, credentialId, use, audit);
    },

    async userOfAccount(tenant, account: ProviderAccountRecord): Promise<UserRecord> {
      for (;;) {
        const known = await store.findUserOfAccount(tenant, account);
        if (known !== undefined) return known;
        const result = await create(
          tenant,
          newUserId(randomBytes),
          newIdentity({ case: "provider", account }),
        );
        if (result.outcome === "created") return result.user;
        // Somebody else's first sign-in with this account came before: it is found now, unless it was unlinked since.
      }
    },
    async linkAccount(tenant, userId, account) {
      const result = await add(tenant, userId, newIdentity({ case: "provider", account }));
      if (result.outcome === "identity-exists" && result.ownerId !== userId) {
        const message = "the account belongs to another user: sign in with it, then merge the two users";
        throw new DomainError(ErrorReason.IDENTITY_LINKED_ELSEWHERE, message);
      }
      return result.identity;
    },
    async unlink(tenant, userId, identityId) {
      const audit = event(tenant, userId, "identity.unlinked", { identity: identityId });
      const result = await store.removeIdentity(tenant, userId, identityId, audit);
      switch (result.outcome) {
        case "removed":
          return result.user;
        case "user-gone":
          throw userGone();
        case "last":
          throw new DomainError(ErrorReason.IDENTITY_IS_LAST, "the user could not sign in any more");
        case "not-found":
          throw new DomainError(ErrorReason.IDENTITY_NOT_FOUND, "the user has no identity of this id");
      }
    },
    async merge(tenant, userId, otherUserId) {
      const audit = {
        merged: event(tenant, userId, "users.merged", { other: otherUserId }),
        sessionsEnded: event(tenant, otherUserId, "session.ended", { session: "all" }),
      };
      const result = await store.mergeUsers(tenant, userId, otherUserId, audit);
      switch (result.outcome) {
        case "merged":
          ended.add(result.endedSessions);
          return result.user;
        case "repeated":
          return result.user;
        case "user-gone":
          throw userGone();
        case "other-gone":
          throw new DomainError(
            ErrorReason.MERGE_PROOF_INVALID,
            userId === otherUserId ? "both tokens are the same user's" : "the other one is no user any more",
          );
        case "too-many":
          throw new DomainError(
            ErrorReason.FIELD_INVALID,
            `a user is made of ${MAX_MERGED_USERS} others and has ${MAX_IDENTITIES} identities at most`,
          );
      }
    },
  };
}

/** What the audit log says of an identity: nothing that names a person elsewhere. */
function identityDetail({ id, kind }: NewIdentity): AuditEvent["detail"] {
  return kind.case === "passkey"
    ? { identity: id, kind: "passkey", rp_id: kind.passkey.rpId }
    : { identity: id, kind: "provider", provider: kind.account.providerId, issuer: kind.account.issuer };
}

function passkeyExists(): DomainError {
  return new DomainError(ErrorReason.PASSKEY_EXISTS, "the passkey is registered already");
}

/** The session is of a user that was merged into another one. */
export function userGone(): DomainError {
  return new DomainError(ErrorReason.CREDENTIALS_REVOKED, "the user was merged into another one");
}

function tooManyIdentities(): DomainError {
  return new DomainError(
    ErrorReason.FIELD_INVALID,
    `a user links ${MAX_IDENTITIES} identities at most: unlink one first`,
  );
}
