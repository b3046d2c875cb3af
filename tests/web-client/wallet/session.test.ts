import { Code } from "@connectrpc/connect";
import { exportChallenge } from "@countersign/crypto/assertion-challenge.ts";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { errorOf } from "@countersign/web";
import { expect, it } from "vitest";
import { bareError, refusal } from "../scripted-relay.ts";
import { ACCOUNT, signHello, startNodeWallet, walletWithKey } from "./support/node-wallet.ts";
import { TENANT } from "./support/wallet-relay.ts";

const failed = () => expect.fail("it should have failed");

it("nobody is signed in until somebody signs in", async () => {
  const { wallet, relay } = await startNodeWallet();
  expect(wallet.user).toBeUndefined();
  expect(await wallet.resume()).toBeUndefined();
  const creating = wallet.relayClient.getRelayInfo({}).then(failed, errorOf);
  expect(await creating).toMatchObject({ reason: "CREDENTIALS_MISSING" });
  expect(relay.calls).toEqual([]);
});

it("an access token is renewed before it expires, once for all calls", async () => {
  const made = await walletWithKey();
  await signHello(made);
  made.clock.skip(280_000);
  made.relay.accessTokenMs = 900_000;
  await Promise.all([signHello(made), signHello(made)]);
  expect(made.relay.of("refreshSession")).toHaveLength(1);
  expect(made.relay.of("refreshSession")[0]?.request.refreshToken).toBe("refresh-1");
  expect(made.relay.calls.at(-1)?.authorization).toBe("Bearer access-2");
});

it("a call that is refused with CREDENTIALS_EXPIRED is made once again with a new token", async () => {
  const made = await walletWithKey();
  made.relay.deeds.authorize = (honest, _, nth) => {
    if (nth === 1) throw refusal(ErrorReason.CREDENTIALS_EXPIRED);
    return honest();
  };
  await signHello(made);
  expect(made.relay.of("authorize").map(({ authorization }) => authorization)).toEqual([
    "Bearer access-1",
    "Bearer access-2",
  ]);
});

it("one that is refused so again is an error", async () => {
  const made = await walletWithKey();
  made.relay.deeds.authorize = () => {
    throw refusal(ErrorReason.CREDENTIALS_EXPIRED);
  };
  expect(await signHello(made).then(failed, errorOf)).toMatchObject({ reason: "CREDENTIALS_EXPIRED" });
  expect(made.relay.of("authorize")).toHaveLength(2);
});

it("a first round that is refused so begins again with nonces of its own", async () => {
  const made = await walletWithKey();
  made.relay.deeds.signInit = (honest, _, nth) => {
    if (nth === 1) throw refusal(ErrorReason.CREDENTIALS_EXPIRED);
    return honest();
  };
  await signHello(made);
  const [first, second] = made.relay.of("signInit");
  expect(second?.authorization).toBe("Bearer access-2");
  expect(second?.request.clientCommitments).not.toEqual(first?.request.clientCommitments);
});

it("a second round that is refused so is sent again as it was", async () => {
  const made = await walletWithKey();
  made.relay.deeds.signFinalize = (honest, _, nth) => {
    if (nth === 1) throw refusal(ErrorReason.CREDENTIALS_EXPIRED);
    return honest();
  };
  await signHello(made);
  const [first, second] = made.relay.of("signFinalize");
  expect(second?.authorization).toBe("Bearer access-2");
  expect(second?.request).toEqual(first?.request);
});

it.each(["REFRESH_TOKEN_INVALID", "REFRESH_TOKEN_REUSED"] as const)(
  "a session whose refresh token is refused with %s is over",
  async (reason) => {
    const made = await walletWithKey();
    made.relay.deeds.refreshSession = () => {
      throw refusal(ErrorReason[reason]);
    };
    const wallet = made.reload();
    expect(await wallet.resume()).toBeUndefined();
    expect(await made.reload().resume()).toBeUndefined();
    expect(made.relay.of("refreshSession")).toHaveLength(1);
  },
);

it("a refresh whose answer is lost is not repeated, and the session is not given up", async () => {
  const made = await walletWithKey();
  made.relay.deeds.refreshSession = (honest, _, nth) => {
    if (nth === 1) throw bareError(Code.Unavailable);
    return honest();
  };
  const wallet = made.reload();
  expect(await wallet.resume().then(failed, errorOf)).toMatchObject({ code: Code.Unavailable });
  expect(made.relay.of("refreshSession")).toHaveLength(1);
  expect(await wallet.resume()).toMatchObject({ id: "u_alice" });
});

it("signing out ends the sessions there and erases the shares here, even if the relay is away", async () => {
  const made = await walletWithKey();
  await signHello(made);
  made.relay.deeds.revokeSession = () => {
    throw refusal(ErrorReason.LEDGER_UNAVAILABLE);
  };
  expect(await made.wallet.signOut().then(failed, errorOf)).toMatchObject({ reason: "LEDGER_UNAVAILABLE" });
  expect(made.relay.of("endSession")).toHaveLength(1);
  expect(made.wallet.user).toBeUndefined();
  expect(await made.reload().resume()).toBeUndefined();
  const touches = made.passkeys.touches.length;
  await made.wallet.signIn();
  await signHello(made);
  // One to sign in, one that mints and unlocks: the share was gone.
  expect(made.passkeys.touches.slice(touches).map(({ withPrf }) => withPrf)).toEqual([true, true]);
});

it("signing out erases the shares first, however long the relay takes to end the sessions", async () => {
  const made = await walletWithKey();
  await signHello(made);
  const ending = Promise.withResolvers<void>();
  made.relay.deeds.endSession = () => {
    ending.resolve();
    return new Promise(() => {});
  };
  const abort = new AbortController();
  const signingOut = made.wallet.signOut({ signal: abort.signal }).then(failed, errorOf);
  await ending.promise;
  expect(await made.wallet.unlock({ accountId: ACCOUNT })).toEqual({ by: "passkey" });
  abort.abort();
  expect(await signingOut).toMatchObject({ code: Code.Canceled });
  expect(made.wallet.user).toBeUndefined();
});

it("no threshold session is taken that was being minted while its user signed out", async () => {
  const made = await walletWithKey();
  const minting = Promise.withResolvers<void>();
  const answered = Promise.withResolvers<void>();
  made.relay.deeds.mintSession = async (honest) => {
    minting.resolve();
    await answered.promise;
    return honest();
  };
  const minted = made.wallet.mintSession({ accountId: ACCOUNT, policy: {} }).then(failed, errorOf);
  await minting.promise;
  await made.wallet.signOut();
  answered.resolve();
  expect(await minted).toMatchObject({ code: Code.Canceled });
});

it("another user who signs in finds neither shares nor threshold sessions of the one before", async () => {
  const made = await walletWithKey();
  await signHello(made);
  const mint = () => made.relay.of("mintSession").length;
  const sameUser = mint();
  await made.wallet.signIn();
  await signHello(made);
  expect(mint()).toBe(sameUser);
  expect(await made.wallet.unlock({ accountId: ACCOUNT })).toEqual({ by: "held" });
  made.relay.deeds.finishPasskeySignIn = (honest) => {
    const { signedIn } = honest();
    return { signedIn: { ...signedIn, user: { id: "u_bob" } } };
  };
  expect(await made.wallet.signIn()).toMatchObject({ id: "u_bob" });
  expect(await made.wallet.unlock({ accountId: ACCOUNT })).toEqual({ by: "passkey" });
  await signHello(made);
  expect(mint()).toBe(sameUser + 1);
});

it("a sign-in whose challenge could be one of the signer's is not shown to the passkey", async () => {
  const made = await walletWithKey();
  const touches = made.passkeys.touches.length;
  const exporting = exportChallenge({
    tenant: TENANT,
    keyId: "ed25519:k",
    recipientPublicKey: new Uint8Array(32).fill(9),
    nonce: new Uint8Array(32),
  });
  const challenges = [exporting, new Uint8Array(32), Buffer.from("countersign/passkey-sign-in/v1")];
  const options = challenges.map((bytes) => ({ challenge: Buffer.from(bytes).toString("base64url") }));
  for (const given of [...options, null, {}, { challenge: 7 }, { challenge: "*" }, "no object"]) {
    made.relay.deeds.beginPasskeySignIn = () => ({ signInId: "s", optionsJson: JSON.stringify(given) });
    expect(await made.wallet.signIn().then(failed, errorOf)).toMatchObject({ reason: "CHALLENGE_INVALID" });
  }
  expect(made.passkeys.touches).toHaveLength(touches);
});

it("a user who is signed in registers a second passkey under the session", async () => {
  const made = await walletWithKey();
  made.relay.deeds.finishPasskeyRegistration = () => ({});
  expect(await made.wallet.register({ userName: "Alice", accountId: ACCOUNT })).toMatchObject({
    id: "u_alice",
  });
  expect(made.relay.of("beginPasskeyRegistration")[1]?.authorization).toBe("Bearer access-1");
});
