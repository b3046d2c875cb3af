/** What the shares of a key are derived from, the client's public share among it. */
export interface ShareFacts {
  readonly clientVerifyingShare: Uint8Array;
  readonly accountId: string;
  /** In lower case. */
  readonly rpId: string;
  readonly network: string;
}

/** What a proof of possession is bound to (docs/threshold-ed25519.md). */
export interface PossessionFacts extends ShareFacts {
  readonly tenant: string;
  readonly user: string;
  readonly challenge: Uint8Array;
}

/** The relayer's half of a key, while it is used. */
export interface RelayerHalf {
  /** Secret: whoever derived it wipes it. */
  readonly share: Uint8Array;
  readonly verifyingShare: Uint8Array;
  /** The public key that both halves make, and its name, which may say the network too. */
  readonly publicKey: Uint8Array;
  readonly keyId: string;
}

/** A key's public shares. */
export interface PublicShares {
  readonly clientVerifyingShare: Uint8Array;
  readonly relayerVerifyingShare: Uint8Array;
}

/** `bytes` random bytes. */
export type Random = (bytes: number) => Uint8Array;

/**
 * What the keys of a two-party signature scheme, client and relayer, need of it. What a client sent is a DomainError with
 * ROUND_MESSAGE_INVALID where it is not an encoding of what it has to be.
 */
export interface SchemeModule {
  /** For example "threshold-ed25519-frost-2p-v1". */
  readonly id: string;
  /** The participants' numbers. */
  readonly clientId: number;
  readonly relayerId: number;

  /** Derives the relayer's half from the 32 bytes of an epoch's master secret. */
  derive(masterSecret: Uint8Array, facts: ShareFacts): RelayerHalf;
  /** Whether the client's proof says that it holds its share. */
  verifyPossession(proof: Uint8Array, facts: PossessionFacts): boolean;
  /** The relayer's proof that it holds its own. */
  provePossession(half: RelayerHalf, facts: PossessionFacts, random: Random): Uint8Array;
}

/** A scheme that signs in two rounds. It sees 32 bytes to sign and never what they mean. */
export interface TwoRoundScheme extends SchemeModule {
  /** The first round: the relayer's message, and what it has to keep, which is secret and good for one signature. */
  begin(
    half: RelayerHalf,
    digest: Uint8Array,
    clientMessage: Uint8Array,
    random: Random,
  ): { readonly state: Uint8Array; readonly message: Uint8Array };
  /** Whether the client's message of the second round is right. Needs nothing of the relayer's share. */
  verifyClient(
    shares: PublicShares,
    digest: Uint8Array,
    state: Uint8Array,
    clientMessage: Uint8Array,
  ): boolean;
  /**
   * The second round: the relayer's message, with a signature in it that verifies. To be asked only for what
   * `verifyClient` said is right, and to be released only once the state is used up durably.
   */
  finish(half: RelayerHalf, digest: Uint8Array, state: Uint8Array, clientMessage: Uint8Array): Uint8Array;
}
