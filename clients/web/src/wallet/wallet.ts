import type { Submission } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import type { User } from "@countersign/gen/countersign/session/v1/session_pb.ts";
import type { NonDelegateAction } from "@countersign/near";
import type { RelayClient } from "../relay-client.ts";
import type { RelayClientOptions } from "../relay-transport.ts";
import type { Identities } from "./identities.ts";
import type { OffChainMessage, SigningPayload } from "./payload.ts";
import type { TextStore } from "./text-store.ts";
import type { MintedSession, ThresholdSessionPolicy } from "./threshold-sessions.ts";
import type { ViewAccessKey } from "./view-access-key.ts";
import type { Unlocked, WalletEvent } from "./wallet-events.ts";
import type { WalletKey } from "./wallet-key.ts";

/** Whom a wallet belongs to, and whom it speaks to. */
export interface WalletOptions {
  /** Where the relay is. The wallet brings the credentials. */
  readonly relay: Omit<RelayClientOptions, "apiKey" | "token" | "endUser" | "tenant">;
  /** The relay's tenant. */
  readonly tenant: string;
  /** The relying party of the passkeys: the page's domain, or one above it. */
  readonly rpId: string;
  /** The NEAR network, for example "testnet". */
  readonly network: string;
  /** Reads access keys from the chain: `nearRpc(url)`. */
  readonly near: ViewAccessKey;
  /**
   * Where the refresh token is kept; with the page if absent. `sessionStorage` lets a session outlive a reload, and any
   * script of the origin read the token.
   */
  readonly tokens?: TextStore;
  /** Where keys are remembered, which hold nothing secret: `localStorage`. With the page if absent. */
  readonly keyStore?: TextStore;
  /**
   * Base URLs of further relays of the federation, which serve the same tenant. Where they take the access tokens of `relay`,
   * which they are sent then, submissions go to them when `relay` cannot be reached and the chain does not have them.
   */
  readonly peers?: readonly string[];
  /**
   * Has relays unlock accounts, without a prompt: see `Wallet.unlock`. A script that gets into the page can have the wallet's
   * shares then. If absent, unlocking takes the passkey.
   */
  readonly lock?: LockOptions;
}

/** How relays take their locks off. */
export interface LockOptions {
  /**
   * Base URLs of the relays that unlock beside `relay`: `peers` if absent. They get no credentials and need not relay, so one that
   * only unlocks is named here and not among `peers`.
   */
  readonly relays?: readonly string[];
  /** How long a relay has to answer, before the next is asked: 1,000 to 3,000 ms, 1,500 if absent. */
  readonly timeoutMs?: number;
  /** Asks the next relay as well when one takes longer than this, in ms; the first answer counts. Not done if absent. */
  readonly hedgeAfterMs?: number;
  /** The group of new envelopes: ristretto255 if absent. */
  readonly suite?: "ristretto255" | "ffdhe3072";
}

export interface WalletCall {
  readonly signal?: AbortSignal;
}

/** What an account asks a relayer to carry. */
export interface RelayRequest {
  readonly accountId: string;
  readonly receiverId: string;
  readonly actions: readonly NonDelegateAction[];
  /** Told of every state of the submission, in order. */
  readonly onState?: (submission: Submission) => void;
}

/** Transactions of an account, which it pays for itself. */
export interface TransactionsRequest {
  readonly accountId: string;
  /** 1 to 16, which get nonces in a row. */
  readonly transactions: readonly {
    readonly receiverId: string;
    readonly actions: readonly NonDelegateAction[];
  }[];
}

/** A signed message (NEP-413). */
export interface SignedMessage {
  readonly accountId: string;
  /** For example "ed25519:G4jV…". */
  readonly publicKey: string;
  /** 64 bytes. */
  readonly signature: Uint8Array;
}

/**
 * A wallet whose keys exist in no one place: a passkey derives one share, the relay's signer the other. Shares live in a
 * Web Worker and never leave it. All methods throw `CountersignError`; what the wallet itself finds to be untrue of an
 * answer has code DATA_LOSS. No method falls back to a key of the page's own.
 */
export interface Wallet {
  /** The relay's own methods, with this wallet's credentials. */
  readonly relayClient: RelayClient;
  /** The ways in which the user signs in. */
  readonly identities: Identities;
  /** Who is signed in, as far as this page knows. */
  readonly user: User | undefined;

  /**
   * Registers a passkey: for a new user, who is signed in then, or for the one who is signed in already. Needs a click of
   * the user. `userName` is what the authenticator shows. With `accountId` the account's share is unlocked at once, where
   * the authenticator allows it.
   */
  register(
    of: { userName: string; passkeyName?: string; accountId?: string },
    call?: WalletCall,
  ): Promise<User>;
  /**
   * Signs in with a passkey. With `accountId` the account's share is unlocked by the same touch, unless another user was signed
   * in on this page: all that was open is erased then. `contractAccountId` is
   * for tenants whose relay asks that account's contract about the passkey.
   */
  signIn(of?: { accountId?: string; contractAccountId?: string }, call?: WalletCall): Promise<User>;
  /** Goes on with a session that `tokens` remembers; undefined when there is none any more. */
  resume(call?: WalletCall): Promise<User | undefined>;
  /**
   * Ends the session, the threshold sessions, and erases the shares and the envelopes of `lock`, of all accounts. They are
   * erased first, even if the relay is away, and what waits for a passkey or a relay then ends with CANCELED. Other tabs of the
   * wallet stay as they are: those that are open make envelopes again.
   */
  signOut(call?: WalletCall): Promise<void>;

  /**
   * Opens the account's shares, for what is signed afterwards: with `lock`, without a prompt for as long as one relay takes
   * its lock off an envelope that this browser keeps; else with the passkey, which needs no relay. Envelopes are made and
   * made anew in the background, after every success and whenever the passkey opens shares; `signOut` deletes them. Whole
   * keys are exported with the passkey alone.
   */
  unlock(of: { accountId: string }, call?: WalletCall): Promise<Unlocked>;
  /** Tells the listener of every event from now on, until the function that it gives is called. */
  on(listener: (event: WalletEvent) => void): () => void;

  /** The account's key, if this wallet remembers it. */
  key(accountId: string): WalletKey | undefined;
  /**
   * Creates the account's key with a touch or two of the passkey: the one that was used last on this page, else the one of
   * the key that is remembered. Repeating it with the same passkey gives the same key, another passkey another one.
   */
  createKey(of: { accountId: string }, call?: WalletCall): Promise<WalletKey>;
  /** Mints a threshold session with a touch of the passkey; `sign` does so by itself where there is none. */
  mintSession(
    of: { accountId: string; policy: ThresholdSessionPolicy },
    call?: WalletCall,
  ): Promise<MintedSession>;

  /**
   * The account's whole private key, with a touch of the passkey: a scalar of 32 bytes, little-endian, which is no seed that
   * a NEAR wallet imports. Whoever has it signs without the relay, so consider a new access key instead. Throws
   * EXPORT_DISABLED unless the relay's operator allows it.
   */
  exportKey(of: { accountId: string }, call?: WalletCall): Promise<Uint8Array>;

  /** The signatures of a payload, 64 bytes each. */
  sign(of: { accountId: string; payload: SigningPayload }, call?: WalletCall): Promise<Uint8Array[]>;
  /** Signs a message that is not for the chain. */
  signMessage(of: { accountId: string; message: OffChainMessage }, call?: WalletCall): Promise<SignedMessage>;
  /** The borsh bytes of signed transactions, in the same order. Sends nothing to the chain. */
  signTransactions(of: TransactionsRequest, call?: WalletCall): Promise<Uint8Array[]>;
  /**
   * Signs a delegate, has it relayed, and follows it to its end: the last state. An error of code UNAVAILABLE,
   * DEADLINE_EXCEEDED or CANCELED leaves open how it ends; the next request has the same nonce then, so that only one of both
   * can be executed.
   */
  relay(of: RelayRequest, call?: WalletCall): Promise<Submission>;

  /** Ends the worker. The session stays. */
  close(): void;
}
