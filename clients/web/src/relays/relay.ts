/** A relay of a federation. */
export interface Relay {
  /** As the wallet was told, for example "https://relay1.example". Events name the relay so. */
  readonly baseUrl: string;
  /** As a browser writes it, for example "https://relay1.example". Envelopes are bound to it. */
  readonly origin: string;
}

/** The relays at these addresses, in their order; one for each origin. Throws TypeError for what is no URL. */
export function relaysAt(baseUrls: readonly string[]): Relay[] {
  const byOrigin = new Map<string, Relay>();
  for (const baseUrl of baseUrls) {
    const { origin } = new URL(baseUrl);
    if (!byOrigin.has(origin)) byOrigin.set(origin, { baseUrl, origin });
  }
  return [...byOrigin.values()];
}
