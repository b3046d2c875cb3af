import type { SignedIn, User } from "@countersign/gen/countersign/session/v1/session_pb.ts";
import { cancelled, endSession } from "./app-session.ts";
import type { Identities, IdTokenSource, ProvenUser } from "./identities.ts";
import { proved } from "./proven-user.ts";
import type { Redirect } from "./redirect.ts";
import type { SessionClients, SignIn } from "./sign-in.ts";
import type { WalletCall } from "./wallet.ts";
import { untrue } from "./wallet-errors.ts";

interface IdentitiesParts {
  readonly tenant: string;
  readonly clients: SessionClients;
  readonly signIn: SignIn;
  readonly redirect: Redirect;
  readonly relayUrl: string;
}

/** The ways in which a wallet's user signs in. */
export function identitiesOver({ tenant, clients, signIn, redirect, relayUrl }: IdentitiesParts): Identities {
  const { open, own } = clients;

  const proven = (answer: SignedIn | undefined, credentialId?: Uint8Array): ProvenUser => {
    const signedIn = proved(answer);
    return {
      user: signedIn.user,
      signIn: () => signIn.takeUp(signedIn, credentialId),
      async merge(call = {}) {
        const otherAccessToken = signedIn.accessToken;
        const merging = () => own.mergeUsers({ otherAccessToken }, call);
        return named((await signIn.fresh(merging, call)).user);
      },
      discard: () => endSession(open, signedIn),
    };
  };

  /** Both calls with the credentials of `service`: with a user's they link, without they sign in. */
  const withIdToken = async (
    service: SessionClients["open"],
    { providerId, idToken: obtain }: IdTokenSource,
    call: WalletCall,
  ) => {
    const { signInId, nonce } = await service.beginIdTokenSignIn({ tenant, providerId }, call);
    const idToken = await obtain(nonce, call.signal);
    if (call.signal?.aborted) throw cancelled(call.signal);
    return service.finishIdTokenSignIn({ signInId, idToken }, call);
  };

  return {
    user: (call = {}) => signIn.currentUser(call),
    async link(of, call = {}) {
      await signIn.fresh(() => withIdToken(own, of, call), call);
      return signIn.currentUser(call);
    },
    async unlink({ identityId }, call = {}) {
      return named((await signIn.fresh(() => own.unlinkIdentity({ identityId }, call), call)).user);
    },
    async provePasskey(call = {}) {
      const { signedIn, credentialId } = await signIn.withPasskey({}, call);
      return proven(signedIn, credentialId);
    },
    async proveIdToken(of, call = {}) {
      return proven((await withIdToken(open, of, call)).signedIn);
    },
    startRedirect: ({ providerId, returnTo }) => redirect.begin({ relayUrl, tenant, providerId, returnTo }),
    async proveRedirect(address, call = {}) {
      const returned = redirect.take(address);
      if (returned === undefined) return undefined;
      return proven((await open.redeemSignInCode(returned, call)).signedIn);
    },
  };
}

function named(user: User | undefined): User {
  if (user === undefined) throw untrue("UNSPECIFIED", "the relay named no user");
  return user;
}
