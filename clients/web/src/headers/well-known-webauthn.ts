import { exactOrigin } from "./exact-origin.ts";

/** What is to be served at `path`, below the relying party's own domain. */
export interface WellKnownWebauthn {
  readonly path: "/.well-known/webauthn";
  readonly contentType: "application/json";
  readonly body: string;
}

/** Labels that browsers have to read; they stop there (WebAuthn Level 3, section 5.11). */
const MAX_LABELS = 5;

/**
 * The related origins of a relying party: those of other domains that may use its passkeys. Wallets alone, never applications: each
 * can have a passkey derive the wallet's secret. Throws TypeError for what is no exact origin, and RangeError for more than five
 * labels, the names right before the public suffix ("acme" of wallet.acme.co.uk). Public suffixes are recognised by a rule of thumb
 * here, and by a list in browsers: names below such as github.io count as one here and as many there.
 */
export function wellKnownWebauthn({ origins }: { readonly origins: readonly string[] }): WellKnownWebauthn {
  const related = [...new Set(origins.map(exactOrigin))];
  const labels = new Set(related.map((origin) => labelOf(new URL(origin).hostname)));
  if (labels.size > MAX_LABELS) {
    throw new RangeError(`${labels.size} labels, and browsers read ${MAX_LABELS}: ${[...labels].join(", ")}`);
  }
  return {
    path: "/.well-known/webauthn",
    contentType: "application/json",
    body: JSON.stringify({ origins: related }),
  };
}

/** Second levels under which countries let names be registered. */
const SECOND_LEVELS = ["ac", "co", "com", "edu", "gov", "net", "org", "or", "ne", "go"];

function labelOf(hostname: string): string {
  const names = hostname.split(".");
  const isCountry = names.at(-1)?.length === 2 && SECOND_LEVELS.includes(names.at(-2) ?? "");
  return names.at(isCountry ? -3 : -2) ?? hostname;
}
