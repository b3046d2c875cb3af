import { createClient } from "@connectrpc/connect";
import { SessionService } from "@countersign/gen/countersign/session/v1/session_service_pb.ts";
import { Ed25519SigningService } from "@countersign/gen/countersign/threshold/v1/ed25519_service_pb.ts";
import { ThresholdKeyService } from "@countersign/gen/countersign/threshold/v1/threshold_key_service_pb.ts";
import type { Clock } from "../clock.ts";
import { relayClientOver } from "../relay-client.ts";
import { DEFAULT_TIMEOUT_MS, relayTransport } from "../relay-transport.ts";
import { DEFAULT_RETRY } from "../retry-policy.ts";
import { retrying } from "../retrying-transport.ts";
import type { Vault } from "../vault/vault-client.ts";
import { AppSession } from "./app-session.ts";
import { authenticated } from "./authenticated-transport.ts";
import { createKey } from "./create-key.ts";
import { NextNonces } from "./next-nonces.ts";
import type { Passkeys } from "./passkeys.ts";
import { Relaying } from "./relaying.ts";
import { SignIn } from "./sign-in.ts";
import { signPayload } from "./sign-payload.ts";
import { memoryStore } from "./text-store.ts";
import { ThresholdSessions } from "./threshold-sessions.ts";
import { UnlockedShares } from "./unlocked-shares.ts";
import type { Wallet, WalletOptions } from "./wallet.ts";
import type { WalletContext } from "./wallet-context.ts";
import { notReady } from "./wallet-errors.ts";
import { type WalletKey, WalletKeys } from "./wallet-key.ts";

/** What a wallet takes of the browser. */
export interface WalletPlatform {
  readonly passkeys: Passkeys;
  readonly vault: Vault;
  readonly clock: Clock;
  /** Milliseconds since 1970. */
  readonly wallTime: () => number;
}

/** A wallet over these parts. Opens no connection until a method is called. */
export function walletOver(options: WalletOptions, platform: WalletPlatform): Wallet {
  const { tenant, network, relay, tokens = memoryStore(), keyStore = memoryStore() } = options;
  const { passkeys, vault, clock, wallTime } = platform;
  const rpId = options.rpId.toLowerCase();
  const policy = { ...DEFAULT_RETRY, ...relay.retry };
  const { timeoutMs = DEFAULT_TIMEOUT_MS } = relay;

  const wire = relayTransport(relay);
  const open = createClient(SessionService, retrying(wire, policy, timeoutMs, clock));
  const name = `countersign/${relay.baseUrl}/${tenant}`;
  const session = new AppSession(open, tokens, `${name}/refresh-token`, wallTime);
  const ownWire = authenticated(wire, session);
  const own = retrying(ownWire, policy, timeoutMs, clock);
  const shares = new UnlockedShares(vault, passkeys, rpId);
  const keys = new WalletKeys(keyStore, `${name}/${network}/${rpId}/key/`);
  const context: WalletContext = {
    tenant,
    network,
    rpId,
    keyService: createClient(ThresholdKeyService, own),
    signing: createClient(Ed25519SigningService, own),
    session,
    passkeys,
    vault,
    shares,
    keys,
    policy,
    clock,
  };
  const relayClient = relayClientOver(ownWire, relay, clock);
  const signIn = new SignIn(context, { open, own: createClient(SessionService, own) });
  const sessions = new ThresholdSessions(context);
  const keyOf = (accountId: string): WalletKey => {
    const key = keys.get(accountId);
    if (key !== undefined) return key;
    throw notReady("THRESHOLD_KEY_NOT_FOUND", "the wallet remembers no key of this account: create it");
  };
  const sign: Wallet["sign"] = async ({ accountId, payload }, { signal } = {}) =>
    signPayload(context, sessions, keyOf(accountId), payload, signal);
  const relaying = new Relaying({ network, relayClient, nonces: new NextNonces(options.near), keyOf, sign });

  return {
    relayClient,
    get user() {
      return session.user;
    },
    register: (of, call = {}) => signIn.register(of, call),
    signIn: (of = {}, call = {}) => signIn.signIn(of, call),
    resume: (call = {}) => signIn.resume(call),
    async signOut(call = {}) {
      if (session.isSignedIn) await sessions.end();
      await signIn.signOut(call);
    },
    key: (accountId) => keys.get(accountId),
    async createKey({ accountId }, { signal } = {}) {
      const passkey = signIn.credentialId ?? keys.get(accountId)?.credentialId;
      return createKey(context, accountId, passkey, signal);
    },
    mintSession: async ({ accountId, policy: wanted }, { signal } = {}) =>
      sessions.mint(keyOf(accountId), wanted, signal),
    sign,
    signMessage: (of, call = {}) => relaying.signMessage(of, call),
    signTransactions: (of, call = {}) => relaying.signTransactions(of, call),
    relay: (of, call = {}) => relaying.relay(of, call),
    close: () => vault.close(),
  };
}
