import type { Client } from "@connectrpc/connect";
import type { User } from "@countersign/gen/countersign/session/v1/session_pb.ts";
import type { SessionService } from "@countersign/gen/countersign/session/v1/session_service_pb.ts";
import { errorOf } from "../countersign-error.ts";
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
    const begun = await service.beginPasskeyRegistration({ tenant, rpId, userName }, call);
    const { credentialJson, ...answer } = await passkeys.register(begun.optionsJson, call.signal);
    await shares.take(answer, accountId);
    const { registrationId } = begun;
    const done = await service.finishPasskeyRegistration(
      { registrationId, credentialJson, name: passkeyName },
      call,
    );
    this.#credentialId = answer.credentialId;
    return isFirst ? session.accept(done.signedIn) : this.#currentUser(call);
  }

  async signIn(
    { accountId, contractAccountId = "" }: NonNullable<Parameters<Wallet["signIn"]>[0]>,
    call: WalletCall,
  ): Promise<User> {
    const { tenant, rpId, session, passkeys, shares } = this.#context;
    const { open } = this.#clients;
    const { signInId, optionsJson } = await open.beginPasskeySignIn({ tenant, rpId }, call);
    assertSignInChallenge(optionsJson);
    const { credentialJson, ...answer } = await passkeys.signIn(optionsJson, call.signal);
    await shares.take(answer, accountId);
    const { signedIn } = await open.finishPasskeySignIn(
      { signInId, credentialJson, accountId: contractAccountId },
      call,
    );
    this.#credentialId = answer.credentialId;
    return session.accept(signedIn);
  }

  async resume(call: WalletCall): Promise<User | undefined> {
    const { session } = this.#context;
    if (!session.isSignedIn) return undefined;
    try {
      await session.token(call.signal);
      return session.user;
    } catch (thrown) {
      const error = errorOf(thrown);
      // The session is over: nobody is signed in, and that is no failure.
      if (!session.isSignedIn) return undefined;
      throw error;
    }
  }

  async signOut(call: WalletCall): Promise<void> {
    const { session, shares } = this.#context;
    await shares.lock();
    try {
      if (session.isSignedIn) await this.#clients.own.revokeSession({}, call);
    } finally {
      session.clear();
      this.#credentialId = undefined;
    }
  }

  async #currentUser(call: WalletCall): Promise<User> {
    const { user } = await this.#clients.own.getUser({}, call);
    if (user === undefined) throw new Error("GetUser answered without a user");
    return user;
  }
}
