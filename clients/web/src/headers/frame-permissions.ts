/** What a wallet in a frame needs of the page around it: passkeys, and isolation where the page itself is isolated. */
export const FRAME_FEATURES = [
  "publickey-credentials-get",
  "publickey-credentials-create",
  "cross-origin-isolated",
] as const;

/** The attribute `allow` of the wallet's frame. @param origin the wallet's, as `originOf` gives it */
export function frameAllow(origin: string): string {
  return FRAME_FEATURES.map((feature) => `${feature} ${origin}`).join("; ");
}
