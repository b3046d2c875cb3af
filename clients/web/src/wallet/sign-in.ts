import type { Client } from "@connectrpc/connect";
import type { SignedIn, User } from "@countersign/gen/countersign/session/v1/session_pb.ts";
import type { SessionService } from "@countersign/gen/countersign/session/v1/session_service_pb.ts";
import { errorOf } from "../countersign-error.ts";
import { endSession, overtaken } from "./app-session.ts";
import { otherUser } from "./proven-user.ts";
import { assertSignInChallenge } from "./sign-in-challenge.ts";
import type { Wallet, WalletCall } from "./wallet.ts";
import type { WalletContext } from "./wallet-context.ts";

/** Two clients of the relay's sessions, neither of which repeats what its contract does not call repeatable. */
export interface SessionClients {
  /** Without credentials. */
  readonly open: Client<typeof SessionService>;
  /** With the session's. */
  readonly own: Client<typeof SessionService>;
}

/** Signing up, in and out. */
export class SignIn {
  readonly #context: WalletContext;
  readonly #clients: SessionClients;
  #credentialId: Uint8Array | undefined;

  constructor(context: WalletContext, clients: SessionClients) {
    this.#context = context;
    this.#clients = clients;
  }

  /** The passkey that was used last on this page. */
  get credentialId(): Uint8Array | undefined {
    return this.#credentialId;
  }

  async register(
    { userName, passkeyName = "", accountId }: Parameters<Wallet["register"]>[0],
    call: WalletCall,
  ): Promise<User> {
    const { tenant, rpId, session, passkeys, shares } = this.#context;
    const isFirst = !session.isSignedIn;
    const service = isFirst ? this.#clients.open : this.#clients.own;
    const begun = await this.fresh(
      () => service.beginPasskeyRegistration({ tenant, rpId, userName }, call),
      call,
    );
    const { credentialJson, ...answer } = await passkeys.register(begun.optionsJson, call.signal);
    await shares.take(answer, accountId);
    const { registrationId } = begun;
    const done = await service.finishPasskeyRegistration(
      { registrationId, credentialJson, name: passkeyName },
      call,
    );
    this.#credentialId = answer.credentialId;
    return isFirst ? this.takeUp(done.signedIn, answer.credentialId) : this.currentUser(call);
  }

  async signIn(of: NonNullable<Parameters<Wallet["signIn"]>[0]>, call: WalletCall): Promise<User> {
    const { signedIn, credentialId } = await this.withPasskey(of, call);
    return this.takeUp(signedIn, credentialId);
  }

  /** Goes on with a session, which a passkey began or something else. */
  takeUp(signedIn: SignedIn | undefined, credentialId: Uint8Array | undefined): User {
    const { session, signedInAs } = this.#context;
    const user = session.accept(signedIn);
    signedInAs(user);
    this.#credentialId = credentialId;
    return user;
  }

  /** A session of whoever signs in with a passkey now, which is not taken up. */
  async withPasskey(
    { accountId, contractAccountId = "" }: NonNullable<Parameters<Wallet["signIn"]>[0]>,
    call: WalletCall,
  ): Promise<{ readonly signedIn: SignedIn | undefined; readonly credentialId: Uint8Array }> {
    const { tenant, rpId, passkeys, shares } = this.#context;
    const { open } = this.#clients;
    const { signInId, optionsJson } = await open.beginPasskeySignIn({ tenant, rpId }, call);
    assertSignInChallenge(optionsJson);
    const { credentialJson, ...answer } = await passkeys.signIn(optionsJson, call.signal);
    await shares.take(answer, accountId);
    const { signedIn } = await open.finishPasskeySignIn(
      { signInId, credentialJson, accountId: contractAccountId },
      call,
    );
    return { signedIn, credentialId: answer.credentialId };
  }

  /**
   * Asks for something that needs a session that has just begun. Where it began too long ago the user signs in again with
   * a passkey, and it is asked for once more. Another user's passkey changes nothing: PERMISSION_DENIED.
   */
  async fresh<T>(ask: () => Promise<T>, call: WalletCall): Promise<T> {
    try {
      return await ask();
    } catch (thrown) {
      const error = errorOf(thrown);
      const { user } = this.#context.session;
      if (error.reason !== "SESSION_NOT_FRESH" || user === undefined) throw error;
      await this.#signInAgain(user, call);
    }
    return ask();
  }

  async resume(call: WalletCall): Promise<User | undefined> {
    const { session, signedInAs } = this.#context;
    if (!session.isSignedIn) return undefined;
    try {
      await session.token(call.signal);
      if (session.user !== undefined) signedInAs(session.user);
      return session.user;
    } catch (thrown) {
      const error = errorOf(thrown);
      // The session is over: nobody is signed in, and that is no failure.
      if (!session.isSignedIn) return undefined;
      throw error;
    }
  }

  /** Ends the session. What is open on the page stays: see `WalletParts.leave`. */
  async signOut(call: WalletCall): Promise<void> {
    const { session } = this.#context;
    try {
      if (session.isSignedIn) await this.#clients.own.revokeSession({}, call);
    } finally {
      session.clear();
      this.#credentialId = undefined;
    }
  }

  async #signInAgain(user: User, call: WalletCall): Promise<void> {
    const { session } = this.#context;
    const { open, own } = this.#clients;
    const { epoch, sessionId } = session;
    const { signedIn, credentialId } = await this.withPasskey({}, call);
    const isOther = signedIn?.user?.id !== user.id;
    if (isOther || session.epoch !== epoch) {
      await endSession(open, signedIn);
      throw isOther ? otherUser() : overtaken();
    }
    this.takeUp(signedIn, credentialId);
    // The session of before ends by itself, if not now.
    if (sessionId !== undefined) await own.revokeSession({ sessionId }, call).catch(() => undefined);
  }

  /** The user who is signed in, as the relay knows it. */
  async currentUser(call: WalletCall): Promise<User> {
    const { user } = await this.#clients.own.getUser({}, call);
    if (user === undefined) throw new Error("GetUser answered without a user");
    return user;
  }
}
