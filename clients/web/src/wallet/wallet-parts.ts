import { createClient, type Transport } from "@connectrpc/connect";
import { SessionService } from "@countersign/gen/countersign/session/v1/session_service_pb.ts";
import { Ed25519SigningService } from "@countersign/gen/countersign/threshold/v1/ed25519_service_pb.ts";
import { ThresholdKeyService } from "@countersign/gen/countersign/threshold/v1/threshold_key_service_pb.ts";
import type { Clock } from "../clock.ts";
import { type RelayClient, relayClientOver } from "../relay-client.ts";
import { DEFAULT_TIMEOUT_MS, relayTransport } from "../relay-transport.ts";
import { DEFAULT_RETRY } from "../retry-policy.ts";
import { retrying } from "../retrying-transport.ts";
import type { Vault } from "../vault/vault-client.ts";
import { AppSession } from "./app-session.ts";
import { authenticated } from "./authenticated-transport.ts";
import { createKey } from "./create-key.ts";
import type { KeyScheme } from "./key-scheme.ts";
import type { Passkeys } from "./passkeys.ts";
import { SignIn } from "./sign-in.ts";
import { memoryStore } from "./text-store.ts";
import { ThresholdSessions } from "./threshold-sessions.ts";
import { UnlockedShares } from "./unlocked-shares.ts";
import type { WalletOptions } from "./wallet.ts";
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

/** What all wallets are made of, whatever they sign for. */
export interface WalletParts {
  readonly context: WalletContext;
  /** With the session's credentials. */
  readonly transport: Transport;
  readonly relayClient: RelayClient;
  readonly signIn: SignIn;
  readonly sessions: ThresholdSessions;
  /** What has to stop before the vault is locked or closed. */
  readonly beforeLock: (() => void)[];
  /** The account's key of a scheme. Throws THRESHOLD_KEY_NOT_FOUND. */
  keyOf(scheme: KeyScheme, accountId: string): WalletKey;
  /** Creates the key with the passkey that was used last on this page, else with that of the key that is remembered. */
  createKey(scheme: KeyScheme, accountId: string, signal: AbortSignal | undefined): Promise<WalletKey>;
}

/** Opens no connection. */
export function walletParts(options: WalletOptions, platform: WalletPlatform): WalletParts {
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
  const transport = retrying(ownWire, policy, timeoutMs, clock);
  const shares = new UnlockedShares(vault, passkeys, rpId);
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
  };
  const signIn = new SignIn(context, { open, own: createClient(SessionService, transport) });
  return {
    context,
    transport,
    relayClient: relayClientOver(ownWire, relay, clock),
    signIn,
    sessions: new ThresholdSessions(context),
    beforeLock: [],
    keyOf(scheme, accountId) {
      const key = keys.get(scheme.id, accountId);
      if (key !== undefined) return key;
      throw notReady("THRESHOLD_KEY_NOT_FOUND", "the wallet remembers no key of this account: create it");
    },
    createKey(scheme, accountId, signal) {
      const passkey = signIn.credentialId ?? keys.get(scheme.id, accountId)?.credentialId;
      return createKey(context, scheme, accountId, passkey, signal);
    },
  };
}
