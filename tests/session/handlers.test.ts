import { create } from "@bufbuild/protobuf";
import { createContextValues, createHandlerContext, type HandlerContext } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import {
  BeginPasskeyRegistrationRequestSchema,
  BeginPasskeySignInRequestSchema,
  FinishPasskeyRegistrationRequestSchema,
  FinishPasskeySignInRequestSchema,
  GetUserRequestSchema,
  MergeUsersRequestSchema,
  UnlinkIdentityRequestSchema,
} from "@countersign/gen/countersign/session/v1/session_pb.ts";
import { SessionService } from "@countersign/gen/countersign/session/v1/session_service_pb.ts";
import { type Caller, setCaller } from "@countersign/server/access/caller.ts";
import type { IssuedSession } from "@countersign/server/session/ports.ts";
import { beginPasskeyRegistration } from "@countersign/server/session/rpc/begin-passkey-registration.ts";
import { beginPasskeySignIn } from "@countersign/server/session/rpc/begin-passkey-sign-in.ts";
import { finishPasskeyRegistration } from "@countersign/server/session/rpc/finish-passkey-registration.ts";
import { finishPasskeySignIn } from "@countersign/server/session/rpc/finish-passkey-sign-in.ts";
import { getUser } from "@countersign/server/session/rpc/get-user.ts";
import { mergeUsers } from "@countersign/server/session/rpc/merge-users.ts";
import { unlinkIdentity } from "@countersign/server/session/rpc/unlink-identity.ts";
import type { UserContext } from "@countersign/server/session/session-context.ts";
import { DomainError } from "@countersign/service-kit";
import { expect, test } from "vitest";
import { at } from "../ledger/builders.ts";
import { SoftwarePasskey } from "../support/software-passkey.ts";
import {
  apiKeyCaller,
  assertionJson,
  ORIGIN,
  passkeyWorld,
  RP_ID,
  registered,
  registrationJson,
  sessionOf,
} from "./passkey-world.ts";
import { reasonOf } from "./reason-of.ts";

/** A call that the gate let in: of a caller, or of nobody. */
function callOf(caller?: Caller): HandlerContext {
  const contextValues = createContextValues();
  if (caller !== undefined) setCaller(contextValues, caller);
  return createHandlerContext({
    service: SessionService,
    method: SessionService.method.getUser,
    protocolName: "connect",
    requestMethod: "POST",
    url: "https://relay.example/",
    contextValues,
    requestHeader: new Headers({ origin: ORIGIN }),
  });
}

const issued = (tenant: string, userId: string): IssuedSession => ({
  sessionId: `session of ${userId} at ${tenant}`,
  accessToken: "access",
  accessExpiresAt: at(1_000),
  refreshToken: "refresh",
  sessionExpiresAt: at(2_000),
});

/** The handlers over a world of their own. */
async function handlers(overrides: Partial<UserContext> = {}) {
  const world = await passkeyWorld();
  const session: UserContext = {
    users: world.users,
    passkeys: world.context,
    sessions: {
      begin: async (tenant, userId) => issued(tenant, userId),
    },
    assertFresh: () => undefined,
    optionalCaller: async () => undefined,
    verifyFreshToken: async (token) => ({ userId: token }),
    handOut: (one) => one,
    ...overrides,
  };
  return { world, session };
}

const newPasskey = () => new SoftwarePasskey({ rpId: RP_ID, origin: ORIGIN });

async function newUser(world: Awaited<ReturnType<typeof passkeyWorld>>) {
  const { newUser: user } = await registered(world, newPasskey());
  if (user === undefined) throw new Error("no new user");
  return user;
}

test("a registration and a sign-in answer the same user, each with a session", async () => {
  const { world, session } = await handlers();
  const passkey = newPasskey();
  const beginning = create(BeginPasskeyRegistrationRequestSchema, {
    tenant: "shop",
    rpId: RP_ID,
    userName: "a",
  });
  const begun = await beginPasskeyRegistration(session)(beginning, callOf());
  const made = registrationJson(passkey, JSON.parse(begun.optionsJson).challenge);
  const { signedIn, identity } = await finishPasskeyRegistration(session)(
    create(FinishPasskeyRegistrationRequestSchema, {
      registrationId: begun.registrationId,
      credentialJson: JSON.stringify(made),
      name: "mine",
    }),
    callOf(),
  );
  const userId = signedIn?.user?.id ?? "";
  expect(signedIn).toMatchObject({ accessToken: "access", sessionId: `session of ${userId} at shop` });
  expect(signedIn?.user?.identities).toEqual([identity]);
  expect(identity?.kind).toMatchObject({ case: "passkey", value: { rpId: RP_ID, name: "mine" } });
  expect(await world.users.user("shop", userId)).toBeDefined();

  const asked = await beginPasskeySignIn(session)(
    create(BeginPasskeySignInRequestSchema, { tenant: "shop", rpId: RP_ID }),
    callOf(),
  );
  const credentialJson = JSON.stringify(
    assertionJson(passkey, JSON.parse(asked.optionsJson).challenge, userId),
  );
  const finishing = create(FinishPasskeySignInRequestSchema, { signInId: asked.signInId, credentialJson });
  expect((await finishPasskeySignIn(session)(finishing, callOf())).signedIn.user).toEqual(signedIn?.user);
});

test("a user who is merged into another one while it signs in begins no session", async () => {
  const { world, session } = await handlers();
  const gone = { ...session, sessions: { begin: async () => undefined } };
  const passkey = newPasskey();
  const { newUser: user } = await registered(world, passkey);
  const asked = await beginPasskeySignIn(gone)(
    create(BeginPasskeySignInRequestSchema, { tenant: "shop", rpId: RP_ID }),
    callOf(),
  );
  const made = assertionJson(passkey, JSON.parse(asked.optionsJson).challenge, user?.id ?? "");
  const { signInId } = asked;
  const finishing = create(FinishPasskeySignInRequestSchema, {
    signInId,
    credentialJson: JSON.stringify(made),
  });
  expect(await reasonOf(finishPasskeySignIn(gone)(finishing, callOf()))).toBe("CHALLENGE_INVALID");
});

test("a passkey that is linked begins no session, and tokens go where the relay hands them out", async () => {
  const { world, session } = await handlers({ handOut: (one) => ({ ...one, accessToken: "" }) });
  const user = await newUser(world);
  for (const caller of [sessionOf(user.id), undefined]) {
    const own = { ...session, optionalCaller: async () => caller };
    const request = { tenant: "shop", rpId: RP_ID, userName: "a" };
    const begun = await beginPasskeyRegistration(own)(
      create(BeginPasskeyRegistrationRequestSchema, request),
      callOf(),
    );
    const made = registrationJson(newPasskey(), JSON.parse(begun.optionsJson).challenge);
    const { registrationId } = begun;
    const credentialJson = JSON.stringify(made);
    const answer = await finishPasskeyRegistration(own)(
      create(FinishPasskeyRegistrationRequestSchema, { registrationId, credentialJson }),
      callOf(),
    );
    if (caller !== undefined) expect(answer.signedIn).toBeUndefined();
    else expect(answer.signedIn).toMatchObject({ accessToken: "", refreshToken: "refresh" });
  }
});

test("a user sees itself and unlinks an identity; other credentials are about nobody", async () => {
  const { world, session } = await handlers();
  const user = await newUser(world);
  const caller = sessionOf(user.id);
  await registered(world, newPasskey(), { caller });
  const request = create(GetUserRequestSchema);
  const shown = await getUser(session)(request, callOf(caller));
  expect(shown.user).toMatchObject({ id: user.id });
  expect(shown.user.identities).toHaveLength(2);
  const unlinking = create(UnlinkIdentityRequestSchema, { identityId: user.identities[0]?.id ?? "" });
  const left = await unlinkIdentity(session)(unlinking, callOf(caller));
  expect(left.user.identities).toHaveLength(1);
  expect(await reasonOf(unlinkIdentity(session)(unlinking, callOf(caller)))).toBe("IDENTITY_NOT_FOUND");

  const peer = { ...caller, appSession: null };
  for (const other of [apiKeyCaller, peer]) {
    expect(await reasonOf(getUser(session)(request, callOf(other)))).toBe("APP_SESSION_MISSING");
    expect(await reasonOf(unlinkIdentity(session)(unlinking, callOf(other)))).toBe("APP_SESSION_MISSING");
    const merging = create(MergeUsersRequestSchema, { otherAccessToken: user.id });
    expect(await reasonOf(mergeUsers(session)(merging, callOf(other)))).toBe("APP_SESSION_MISSING");
  }
});

test("two users become one, and the process knows at once that the other's sessions have ended", async () => {
  const { world, session } = await handlers();
  const [a, b] = [await newUser(world), await newUser(world)];
  const times = { createdAt: at(0), refreshedAt: at(0), idleAt: at(1_000), expiresAt: at(1_000) };
  const begun = { tenant: "shop", kind: "session.begun", actor: "user:b", at: at(0), detail: {} };
  const hashes = { token: new Uint8Array(32), family: new Uint8Array(32) };
  await world.ledger.createAppSession({ id: "bs", tenant: "shop", userId: b.id, ...times }, hashes, 9, begun);
  const merging = create(MergeUsersRequestSchema, { otherAccessToken: b.id });
  const { user } = await mergeUsers(session)(merging, callOf(sessionOf(a.id)));
  expect(user.identities).toHaveLength(2);
  expect(world.ended).toEqual(["bs"]);
  const request = create(GetUserRequestSchema);
  expect(await reasonOf(getUser(session)(request, callOf(sessionOf(b.id))))).toBe("CREDENTIALS_REVOKED");
});

test("nobody becomes one with somebody who is not proved", async () => {
  const { world, session } = await handlers({
    verifyFreshToken: async () => {
      throw new DomainError(ErrorReason.MERGE_PROOF_INVALID, "expired");
    },
  });
  const [a, b] = [await newUser(world), await newUser(world)];
  const merging = create(MergeUsersRequestSchema, { otherAccessToken: b.id });
  expect(await reasonOf(mergeUsers(session)(merging, callOf(sessionOf(a.id))))).toBe("MERGE_PROOF_INVALID");
  expect(await world.users.user("shop", b.id)).toEqual(b);
});
