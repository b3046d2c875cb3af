import { createHash } from "node:crypto";
import type { AppTokenClaims } from "./app-token-verifier.ts";

/** For how long a token that was verified is not verified again, in milliseconds. */
const TRUSTED_MS = 60_000;
/** About 4 MB. */
const MAX_ENTRIES = 10_000;

interface Entry {
  readonly claims: AppTokenClaims;
  /** Unix milliseconds. */
  readonly until: number;
}

/**
 * What tokens prove whose signatures were verified within the last minute: a wallet comes with the same one for each round
 * of a signature. By SHA-256 of the token, so that none is held in memory. It knows nothing of sessions that have ended.
 */
export class AppTokenCache {
  /** In the order in which they came. */
  readonly #entries = new Map<string, Entry>();

  /** Undefined for a token that was not verified lately, or has expired. */
  get(token: string, now: Date): AppTokenClaims | undefined {
    const entry = this.#entries.get(keyOf(token));
    return entry !== undefined && now.getTime() < entry.until ? entry.claims : undefined;
  }

  /** Only for a token that was just verified. Above 10,000 the oldest are forgotten. */
  put(token: string, claims: AppTokenClaims, expiresAt: Date, now: Date): void {
    const key = keyOf(token);
    this.#entries.delete(key);
    this.#entries.set(key, { claims, until: Math.min(expiresAt.getTime(), now.getTime() + TRUSTED_MS) });
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= MAX_ENTRIES) break;
      this.#entries.delete(oldest);
    }
  }
}

function keyOf(token: string): string {
  return createHash("sha256").update(token).digest("base64");
}
