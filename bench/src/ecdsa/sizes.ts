/** What one round makes of each kind. The signer's pools hold no more for a key by default. */
export const POOL = 8;
/** Wallets of a stack, which presign and sign at the same time. */
export const WALLETS = 8;
