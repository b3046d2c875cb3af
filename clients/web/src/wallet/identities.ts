import type { User } from "@countersign/gen/countersign/session/v1/session_pb.ts";
import type { WalletCall } from "./wallet.ts";

/** Where ID tokens of an identity provider come from: its own button, or a native app's library. */
export interface IdTokenSource {
  /** As the relay's tenant names it, for example "google". */
  readonly providerId: string;
  /** Gets one with this nonce. */
  readonly idToken: (nonce: string, signal: AbortSignal | undefined) => Promise<string>;
}

/** Somebody who has just proved who they are, beside the user who is signed in. One of the three methods ends it. */
export interface ProvenUser {
  readonly user: User;
  /** Goes on as this user, in place of the one who is signed in. */
  signIn(): User;
  /**
   * Makes one user of two: the proven one's identities become those of the user who is signed in, and its sessions end.
   * The user who is signed in, as it is then.
   */
  merge(call?: WalletCall): Promise<User>;
  /** Ends the session that the proof began. */
  discard(call?: WalletCall): Promise<void>;
}

/**
 * The ways in which a user signs in. What changes them needs a session that has just begun; where it did not, the user is
 * asked for a passkey and it is done then. All throw `CountersignError`.
 */
export interface Identities {
  /** The user who is signed in, as the relay knows it now. */
  user(call?: WalletCall): Promise<User>;
  /** Links an account to the user who is signed in. IDENTITY_LINKED_ELSEWHERE when it is another user's: prove and merge. */
  link(of: IdTokenSource, call?: WalletCall): Promise<User>;
  /** Takes one way away. Throws IDENTITY_IS_LAST, IDENTITY_NOT_FOUND. */
  unlink(of: { identityId: string }, call?: WalletCall): Promise<User>;

  /** Proves a user with a passkey: whichever the user picks. */
  provePasskey(call?: WalletCall): Promise<ProvenUser>;
  /** Proves the user of an account; a new user when nobody has it. */
  proveIdToken(of: IdTokenSource, call?: WalletCall): Promise<ProvenUser>;
  /**
   * The address at which a provider's redirect begins: the page goes there, as a whole window. It comes back to `returnTo`,
   * an address of the wallet without "#"; the page then calls `proveRedirect`.
   */
  startRedirect(of: { providerId: string; returnTo: string }): Promise<URL>;
  /**
   * Proves the user of a redirect that came back, once; undefined when the address is none of a redirect that began here.
   * The page takes the fragment out of its address afterwards. Throws with the reason that the relay put into the address.
   */
  proveRedirect(address: string | URL, call?: WalletCall): Promise<ProvenUser | undefined>;
}
