import { createClient, type Transport } from "@connectrpc/connect";
import { SessionService } from "@countersign/gen/countersign/session/v1/session_service_pb.ts";
import { Ed25519SigningService } from "@countersign/gen/countersign/threshold/v1/ed25519_service_pb.ts";
import { ThresholdKeyService } from "@countersign/gen/countersign/threshold/v1/threshold_key_service_pb.ts";
import type { Clock } from "../clock.ts";
import { federatedClientOver, type RelayClient } from "../relay-client.ts";
import { DEFAULT_TIMEOUT_MS, relayTransport } from "../relay-transport.ts";
import { DEFAULT_RETRY } from "../retry-policy.ts";
import { retrying } from "../retrying-transport.ts";
import type { Vault } from "../vault/vault-client.ts";
import { AppSession } from "./app-session.ts";
import { authenticated, authenticatedAsHeld } from "./authenticated-transport.ts";
import { createKey } from "./create-key.ts";
import type { Identities } from "./identities.ts";
import { identitiesOver } from "./identities-over.ts";
import type { KeyScheme } from "./key-scheme.ts";
import type { Passkeys } from "./passkeys.ts";
import { promptsUntil } from "./prompts-until.ts";
import { Redirect } from "./redirect.ts";
import { SignIn } from "./sign-in.ts";
import { storeInTime } from "./store-in-time.ts";
import { memoryStore } from "./text-store.ts";
import { ThresholdSessions } from "./threshold-sessions.ts";
import { UnlockedShares } from "./unlocked-shares.ts";
import { Unlocking } from "./unlocking.ts";
import type { WalletOptions } from "./wallet.ts";
import type { WalletContext } from "./wallet-context.ts";
import { notReady } from "./wallet-errors.ts";
import type { WalletEvent } from "./wallet-events.ts";
import { type WalletKey, WalletKeys } from "./wallet-key.ts";
import { WalletListeners } from "./wallet-listeners.ts";
import { walletLock } from "./wallet-lock.ts";

/** What a wallet takes of the browser. */
export interface WalletPlatform {
  readonly passkeys: Passkeys;
  readonly vault: Vault;
  readonly clock: Clock;
  /** Milliseconds since 1970. */
  readonly wallTime: () => number;
}

/** What all wallets are made of, whatever they sign for. */
export interface WalletParts {
  readonly context: WalletContext;
  /** With the session's credentials. */
  readonly transport: Transport;
  readonly relayClient: RelayClient;
  readonly signIn: SignIn;
  readonly identities: Identities;
  readonly sessions: ThresholdSessions;
  readonly unlocking: Unlocking;
  readonly listeners: WalletListeners;
  /** What has to stop before the vault is locked or closed. */
  readonly beforeLock: (() => void)[];
  /**
   * Erases what is open on this page, at once, ends what would open more, and deletes the envelopes. Throws FAILED_PRECONDITION when
   * they could not be deleted, after two seconds at most.
   */
  leave(): Promise<void>;
  /** The account's key of a scheme. Throws THRESHOLD_KEY_NOT_FOUND. */
  keyOf(scheme: KeyScheme, accountId: string): WalletKey;
  /** Creates the key with the passkey that was used last on this page, else with that of the key that is remembered. */
  createKey(scheme: KeyScheme, accountId: string, signal: AbortSignal | undefined): Promise<WalletKey>;
}

/** Opens no connection. */
export function walletParts(options: WalletOptions, platform: WalletPlatform): WalletParts {
  const { tenant, network, relay, peers = [], near } = options;
  const { tokens = memoryStore(), keyStore = memoryStore() } = options;
  const { vault, clock, wallTime } = platform;
  const rpId = options.rpId.toLowerCase();
  const policy = { ...DEFAULT_RETRY, ...relay.retry };
  const { timeoutMs = DEFAULT_TIMEOUT_MS } = relay;

  const wire = relayTransport(relay);
  const open = createClient(SessionService, retrying(wire, policy, timeoutMs, clock));
  const name = `countersign/${relay.baseUrl}/${tenant}`;
  const session = new AppSession(open, tokens, `${name}/refresh-token`, wallTime);
  const ownWire = authenticated(wire, session);
  const peerWires = peers.map((baseUrl) =>
    authenticatedAsHeld(relayTransport({ ...relay, baseUrl }), session),
  );
  const transport = retrying(ownWire, policy, timeoutMs, clock);
  const passkeys = promptsUntil(platform.passkeys, () => shares.untilLocked);
  const shares = new UnlockedShares(vault, passkeys, rpId, (...of) => unlocking.refresh(...of));
  const keys = new WalletKeys(keyStore, `${name}/${network}/${rpId}/key/`);
  const context: WalletContext = {
    tenant,
    network,
    rpId,
    keyService: createClient(ThresholdKeyService, transport),
    signing: createClient(Ed25519SigningService, transport),
    session,
    passkeys,
    vault,
    shares,
    keys,
    policy,
    clock,
    signedInAs: ({ id }) => {
      const isOther = lastUser !== undefined && lastUser !== id;
      // Nobody waits for the envelopes; the shares are gone at once.
      if (isOther) leave().catch(() => undefined);
      lastUser = id;
    },
  };
  const clients = { open, own: createClient(SessionService, transport) };
  const signIn = new SignIn(context, clients);
  const listeners = new WalletListeners();
  const tell = (event: WalletEvent) => listeners.tell(event);
  const lock = walletLock(options, { context, store: keyStore, name: `${name}/lock-relay`, wallTime, tell });
  const lastPasskey = () => signIn.credentialId;
  const unlocking = new Unlocking({ context, lock, lastPasskey, tell });
  const redirect = new Redirect(tokens, `${name}/redirect`);
  const sessions = new ThresholdSessions(context);
  const beforeLock = [() => unlocking.stop()];
  let lastUser: string | undefined;
  const leave = async () => {
    lastUser = undefined;
    for (const stop of beforeLock) stop();
    sessions.drop();
    await storeInTime(Promise.all([shares.lock(), unlocking.forget()]));
  };
  return {
    context,
    transport,
    relayClient: federatedClientOver(ownWire, peerWires, near, relay, clock),
    signIn,
    identities: identitiesOver({ tenant, clients, signIn, redirect, relayUrl: relay.baseUrl }),
    sessions,
    unlocking,
    listeners,
    beforeLock,
    leave,
    keyOf(scheme, accountId) {
      const key = keys.get(scheme.id, accountId);
      if (key !== undefined) return key;
      throw notReady("THRESHOLD_KEY_NOT_FOUND", "the wallet remembers no key of this account: create it");
    },
    async createKey(scheme, accountId, signal) {
      const passkey = signIn.credentialId ?? keys.get(scheme.id, accountId)?.credentialId;
      const key = await createKey(context, scheme, accountId, passkey, signal);
      unlocking.refresh(accountId, shares.get(accountId, key.credentialId));
      return key;
    },
  };
}
