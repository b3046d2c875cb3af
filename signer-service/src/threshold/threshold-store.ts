/** As many keys as a user may hold. */
export const MAX_KEYS_OF_A_USER = 100;

/** Whose key it is, as the relay names the user. */
export interface KeyOwner {
  readonly tenant: string;
  readonly user: string;
}

/** A passkey that may mint sessions for a key. */
export interface AdmittedCredential {
  readonly id: Uint8Array;
  /** COSE form (RFC 9052). */
  readonly publicKey: Uint8Array;
}

/** A key record: what the signer knows of a threshold key. It holds no secret. */
export interface ThresholdKeyRecord extends KeyOwner {
  /** "ed25519:" and the group key in base58. */
  readonly keyId: string;
  readonly schemeId: string;
  readonly network: string;
  readonly accountId: string;
  /** In lower case. */
  readonly rpId: string;
  readonly clientVerifyingShare: Uint8Array;
  readonly relayerVerifyingShare: Uint8Array;
  readonly epoch: number;
  readonly credentials: readonly AdmittedCredential[];
  readonly createdAt: Date;
}

/** What a challenge or nonce is bound to: everything must be the same when it is taken. */
export type ChallengeBinding =
  | {
      readonly use: "key";
      readonly owner: KeyOwner;
      readonly schemeId: string;
      readonly network: string;
      readonly accountId: string;
      readonly rpId: string;
      readonly epoch: number;
    }
  | {
      readonly use: "session" | "authorize" | "export";
      readonly owner: KeyOwner;
      readonly keyId: string;
    };

/** A threshold session. Its token is stored as a hash alone. */
export interface ThresholdSession {
  /** SHA-256 of the token, in hex. */
  readonly tokenHash: string;
  readonly owner: KeyOwner;
  readonly keyId: string;
  /** Names of purposes, as the contract has them. */
  readonly purposes: readonly string[];
  readonly maxUses: number;
  readonly uses: number;
  readonly expiresAt: Date;
}

/** The right to one signature over one digest. */
export interface SigningRequestRecord {
  readonly id: string;
  readonly owner: KeyOwner;
  readonly keyId: string;
  readonly digest: Uint8Array;
  readonly expiresAt: Date;
}

/** One run of the protocol for a signing request, between its two rounds. */
export interface SigningSession {
  readonly id: string;
  readonly requestId: string;
  readonly owner: KeyOwner;
  readonly keyId: string;
  readonly digest: Uint8Array;
  readonly expiresAt: Date;
  /** The scheme's own state, with the relayer's nonces in it: the store seals it. */
  readonly state: Uint8Array;
}

/** How a signing session stands: nonces are there in "open" alone. */
export type SigningSessionStanding =
  | { readonly stage: "open"; readonly session: SigningSession }
  /** Finished: the answer to the identical message. */
  | {
      readonly stage: "done";
      readonly session: Omit<SigningSession, "state">;
      /** SHA-256 of the client's message. */
      readonly messageHash: Uint8Array;
      readonly answer: Uint8Array;
    }
  | { readonly stage: "burnt"; readonly session: Omit<SigningSession, "state"> };

/**
 * What threshold signing must not forget or do twice. Every change is durable before its promise resolves, atomic, and
 * the same for all signers of one database. Everything but keys dies with the store's incarnation: what a restored
 * backup holds of challenges, sessions, requests and nonces is as if it had never been. All methods throw a DomainError
 * with SIGNER_STORE_UNAVAILABLE when the database gives no answer.
 */
export interface ThresholdStore {
  /** Keeps a challenge until `expiresAt`. */
  putChallenge(challenge: Uint8Array, binding: ChallengeBinding, expiresAt: Date): Promise<void>;
  /** Takes a challenge away: its binding, once, or undefined for one that is unknown, used or over its time. */
  takeChallenge(challenge: Uint8Array, now: Date): Promise<ChallengeBinding | undefined>;

  /** Inserts the record unless its key id is there: the record that stands then. */
  insertKey(record: ThresholdKeyRecord): Promise<ThresholdKeyRecord>;
  /** The record, or undefined. Not compared with any owner. */
  key(keyId: string): Promise<ThresholdKeyRecord | undefined>;
  /** The keys of these users of the tenant, oldest first; at most MAX_KEYS_OF_A_USER. */
  keysOf(tenant: string, users: readonly string[]): Promise<readonly ThresholdKeyRecord[]>;
  /**
   * Notes the counter of a credential's assertion. False when the credential was seen with one that is as high or higher
   * (and one of them is not 0): WebAuthn, section 6.1.1.
   */
  noteCounter(keyId: string, credentialId: Uint8Array, counter: number): Promise<boolean>;

  /** Keeps a new session. */
  putSession(session: Omit<ThresholdSession, "uses">): Promise<void>;
  session(tokenHash: string): Promise<ThresholdSession | undefined>;
  endSession(tokenHash: string): Promise<void>;
  /**
   * Takes `requests.length` uses of the session and keeps the requests, both or neither. False when the session is gone,
   * over its time, or has not as many uses left.
   */
  takeUses(tokenHash: string, now: Date, requests: readonly SigningRequestRecord[]): Promise<boolean>;
  /** Keeps requests that no session pays for. */
  putRequests(requests: readonly SigningRequestRecord[]): Promise<void>;
  /** The request while it may still begin a signature; undefined when it is unknown, over its time or finished. */
  request(id: string, now: Date): Promise<SigningRequestRecord | undefined>;

  /**
   * Keeps a signing session, and burns the open ones of the same request. False when the request is finished, over its
   * time, or has begun `maxRuns` times already.
   */
  openSigning(session: SigningSession, maxRuns: number, now: Date): Promise<boolean>;
  signing(id: string, now: Date): Promise<SigningSessionStanding | undefined>;
  /**
   * Ends an open signing session and its request with an answer; the nonces are gone. False when it is not open any
   * more: then nothing may be released.
   */
  finishSigning(id: string, messageHash: Uint8Array, answer: Uint8Array, now: Date): Promise<boolean>;
  /** Burns a signing session: its nonces are gone. */
  burnSigning(id: string): Promise<void>;
}
