/** The nonces of signed requests, kept in the signer's store while a request could be repeated. */
export interface RequestNonces {
  /** Whether this is the first time; durable when it resolves. Throws SIGNER_STORE_UNAVAILABLE. */
  claim(keyId: string, nonce: string, expiresAt: Date): Promise<boolean>;
}
