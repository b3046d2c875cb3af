/** What an assertion is made of that goes to the relay. Results of extensions are no part of it. */
interface PasskeyAssertion {
  readonly credentialId: Uint8Array;
  readonly clientDataJson: Uint8Array;
  readonly authenticatorData: Uint8Array;
  readonly signature: Uint8Array;
}

/** What a passkey answers. */
export interface PasskeyAnswer {
  readonly credentialId: Uint8Array;
  /**
   * What the PRF extension gave for PRF_INPUT, 32 bytes: secret. For the vault alone, which takes it away; who does not
   * hand it over wipes it. Undefined when the authenticator does not give it.
   */
  readonly prfFirst: ArrayBuffer | undefined;
}

/** A passkey's answer in the form that SessionService takes, without results of extensions. */
interface PasskeyCredential extends PasskeyAnswer {
  readonly credentialJson: string;
}

/** Which assertion is wanted. */
interface AssertionWanted {
  readonly rpId: string;
  readonly challenge: Uint8Array;
  /** Credential ids; empty for whichever the user picks. */
  readonly allow: readonly Uint8Array[];
  /** Whether the PRF is to be evaluated. */
  readonly withPrf: boolean;
}

/**
 * The user's passkeys: `navigator.credentials`. Throws CountersignError: PERMISSION_DENIED when the user does not agree or
 * there is no such passkey, CANCELED when the signal aborts.
 */
export interface Passkeys {
  /** Registers one, for a PublicKeyCredentialCreationOptionsJSON. */
  register(optionsJson: string, signal: AbortSignal | undefined): Promise<PasskeyCredential>;
  /** Signs in with one, for a PublicKeyCredentialRequestOptionsJSON. */
  signIn(optionsJson: string, signal: AbortSignal | undefined): Promise<PasskeyCredential>;
  /** Signs a challenge, with user verification. */
  assert(
    wanted: AssertionWanted,
    signal: AbortSignal | undefined,
  ): Promise<PasskeyAnswer & { readonly assertion: PasskeyAssertion }>;
}

/** Wipes a PRF result that nobody takes. One that was handed to the vault is empty here already. */
export function wipe(prfFirst: ArrayBuffer | undefined): void {
  if (prfFirst !== undefined) new Uint8Array(prfFirst).fill(0);
}
