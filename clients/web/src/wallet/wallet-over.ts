import { exportKey } from "./export-key.ts";
import { ed25519Scheme } from "./key-scheme.ts";
import { NextNonces } from "./next-nonces.ts";
import { Relaying } from "./relaying.ts";
import { signPayload } from "./sign-payload.ts";
import type { Wallet, WalletOptions } from "./wallet.ts";
import type { WalletKey } from "./wallet-key.ts";
import { type WalletParts, type WalletPlatform, walletParts } from "./wallet-parts.ts";

/** A wallet over these parts. Opens no connection until a method is called. */
export function walletOver(options: WalletOptions, platform: WalletPlatform): Wallet {
  return walletOf(walletParts(options, platform), options);
}

/** What signs for NEAR, and what all wallets do. */
export function walletOf(parts: WalletParts, { near }: Pick<WalletOptions, "near">): Wallet {
  const { context, relayClient, signIn, identities, sessions, unlocking, listeners, beforeLock, leave } =
    parts;
  const { network, session, keys, vault } = context;
  const keyOf = (accountId: string): WalletKey => parts.keyOf(ed25519Scheme, accountId);
  const sign: Wallet["sign"] = async ({ accountId, payload }, { signal } = {}) =>
    signPayload(context, sessions, keyOf(accountId), payload, signal);
  const relaying = new Relaying({ network, relayClient, nonces: new NextNonces(near), keyOf, sign });
  const stopWork = () => {
    for (const stop of beforeLock) stop();
  };

  return {
    relayClient,
    identities,
    get user() {
      return session.user;
    },
    register: (of, call = {}) => signIn.register(of, call),
    signIn: (of = {}, call = {}) => signIn.signIn(of, call),
    resume: (call = {}) => signIn.resume(call),
    async signOut(call = {}) {
      const ending = sessions.end(call);
      try {
        await leave();
      } finally {
        await ending;
        await signIn.signOut(call);
      }
    },
    unlock: async ({ accountId }, call = {}) => unlocking.unlock(accountId, call),
    on: (listener) => listeners.on(listener),
    key: (accountId) => keys.get(ed25519Scheme.id, accountId),
    createKey: async ({ accountId }, { signal } = {}) => parts.createKey(ed25519Scheme, accountId, signal),
    mintSession: async ({ accountId, policy }, { signal } = {}) =>
      sessions.mint(keyOf(accountId), policy, signal),
    exportKey: async ({ accountId }, { signal } = {}) =>
      exportKey(context, sessions, keyOf(accountId), signal),
    sign,
    signMessage: (of, call = {}) => relaying.signMessage(of, call),
    signTransactions: (of, call = {}) => relaying.signTransactions(of, call),
    relay: (of, call = {}) => relaying.relay(of, call),
    close() {
      stopWork();
      vault.close();
    },
  };
}
