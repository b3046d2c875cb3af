import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import {
  RefreshSessionResponseSchema,
  RevokeSessionResponseSchema,
  type SignedIn,
  SignedInSchema,
} from "@countersign/gen/countersign/session/v1/session_pb.ts";
import { CountersignError, errorOf } from "@countersign/web";
import { expect, it } from "vitest";
import { AppSession } from "../../../clients/web/src/wallet/app-session.ts";
import { authenticatedAsHeld } from "../../../clients/web/src/wallet/authenticated-transport.ts";
import { NextNonces } from "../../../clients/web/src/wallet/next-nonces.ts";
import { Relaying } from "../../../clients/web/src/wallet/relaying.ts";
import { memoryStore } from "../../../clients/web/src/wallet/text-store.ts";
import type { WalletKey } from "../../../clients/web/src/wallet/wallet-key.ts";

const failed = () => expect.fail("it should have failed");
const LIFETIME_MS = 60_000;

function signedIn(user: string, token: string): SignedIn {
  return create(SignedInSchema, {
    accessToken: token,
    accessExpiresAt: timestampFromMs(LIFETIME_MS),
    refreshToken: `refresh of ${token}`,
    sessionId: `session of ${token}`,
    user: { id: user },
  });
}

/** A session of alice whose renewal is on its way until `answer` is called. */
function renewing() {
  const answer = Promise.withResolvers<SignedIn>();
  const revoked: string[] = [];
  const store = memoryStore();
  let now = 0;
  const session = new AppSession(
    {
      refreshSession: async () => create(RefreshSessionResponseSchema, { signedIn: await answer.promise }),
      revokeSession: async (_, call) => {
        revoked.push(new Headers(call?.headers).get("authorization") ?? "");
        return create(RevokeSessionResponseSchema, { ended: 1 });
      },
    },
    store,
    "refresh-token",
    () => now,
  );
  session.accept(signedIn("alice", "a1"));
  now = LIFETIME_MS - 1;
  const token = session.token(undefined).catch(errorOf);
  return { session, store, revoked, token, late: () => answer.resolve(signedIn("alice", "a2")) };
}

it("a renewal that is answered after the sign-out signs nobody in, and its session ends", async () => {
  const { session, store, revoked, token, late } = renewing();
  session.clear();
  late();
  expect(await token).toMatchObject({ reason: "CREDENTIALS_MISSING" });
  expect(session.isSignedIn).toBe(false);
  expect(session.user).toBeUndefined();
  expect(store.getItem("refresh-token")).toBeNull();
  expect(revoked).toEqual(["Bearer a2"]);
});

it("a renewal that is answered after another user has signed in changes nothing of theirs", async () => {
  const { session, store, revoked, token, late } = renewing();
  session.accept({ ...signedIn("bob", "b1"), accessExpiresAt: timestampFromMs(10 * LIFETIME_MS) });
  late();
  expect(await token).toMatchObject({ reason: "CREDENTIALS_MISSING" });
  expect(session.user?.id).toBe("bob");
  expect(await session.token(undefined)).toBe("b1");
  expect(store.getItem("refresh-token")).toBe("refresh of b1");
  expect(revoked).toEqual(["Bearer a2"]);
});

it("a renewal for the session that goes on is taken", async () => {
  const { session, token, late } = renewing();
  late();
  expect(await token).toBe("a2");
  expect(session.user?.id).toBe("alice");
});

it("a peer is shown the token that is there, which is neither renewed nor given up for what the peer says", async () => {
  const { session } = renewing();
  const shown: string[] = [];
  const wire = {
    unary: async (...[, , , header]: unknown[]) => {
      shown.push(new Headers(header as Headers).get("authorization") ?? "");
      throw new CountersignError("expired", { reason: "CREDENTIALS_EXPIRED", code: Code.Unauthenticated });
    },
    stream: failed,
  };
  const peer = authenticatedAsHeld(wire as never, session);
  const call = () => peer.unary({} as never, undefined, undefined, undefined, {} as never);
  expect(await call().then(failed, errorOf)).toMatchObject({ reason: "CREDENTIALS_EXPIRED" });
  expect(shown).toEqual(["Bearer a1"]);
  expect(session.heldToken).toBe("a1");
  session.clear();
  expect(await call().then(failed, errorOf)).toMatchObject({ reason: "CREDENTIALS_EXPIRED" });
  expect(shown).toHaveLength(1);
});

it.each([
  [Code.Unavailable, [11n, 11n]],
  [Code.DeadlineExceeded, [11n, 11n]],
  [Code.FailedPrecondition, [11n, 12n]],
])("after a submission that ended with code %s, nonces are %s", async (code, expected) => {
  const key: WalletKey = {
    keyId: "ed25519:6E8sCci9badyRkXb3JoRpBj5p8C6Tw41ELDZoiihKEtp",
    schemeId: "threshold-ed25519-frost-2p-v1",
    network: "testnet",
    accountId: "alice.testnet",
    rpId: "wallet.example",
    credentialId: new Uint8Array(16),
    clientVerifyingShare: new Uint8Array(32),
    relayerVerifyingShare: new Uint8Array(32),
    epoch: 1,
  };
  const signed: bigint[] = [];
  const relaying = new Relaying({
    network: "testnet",
    relayClient: {
      getRelayInfo: async () => ({}),
      submitDelegate: async () => {
        throw new CountersignError("no answer", { reason: "UNSPECIFIED", code });
      },
    } as never,
    nonces: new NextNonces(async () => ({
      nonce: 10n,
      blockHeight: 1_000n,
      blockHash: new Uint8Array(32),
    })),
    keyOf: () => key,
    sign: async ({ payload }) => {
      if (payload.kind === "delegate") signed.push(payload.delegate.nonce);
      return [new Uint8Array(64)];
    },
  });
  const wanted = { accountId: "alice.testnet", receiverId: "guest-book.testnet", actions: [] };
  for (let i = 0; i < 2; i++) {
    expect(await relaying.relay(wanted, {}).then(failed, errorOf)).toMatchObject({ code });
  }
  expect(signed).toEqual(expected);
});
