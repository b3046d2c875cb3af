import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  errors,
  type FetchImplementation,
  type JWTVerifyGetKey,
} from "jose";
import type { TokenIssuer } from "../ledger/protection-types.ts";

/** The algorithms that an issuer may use: signatures only, since a shared secret would be ours to leak too. */
export const TOKEN_ALGORITHMS: ReadonlySet<string> = new Set(["ES256", "ES384", "EdDSA", "RS256", "PS256"]);

/** Largest key set that is read, in bytes. */
const MAX_KEY_SET_BYTES = 65_536;
/** Key sets that are kept; issuers that were removed leave theirs behind for a while. */
const MAX_KEY_SETS = 1024;

/** How the key sets of issuers are fetched; milliseconds. */
export interface KeyFetching {
  /** A fetch may take this long. */
  readonly timeoutMs: number;
  /** After a fetch, this long must pass before an unknown key id causes another. */
  readonly cooldownMs: number;
  /** After a fetch that failed, this long must pass before the next. */
  readonly restMs: number;
  /** A key that the issuer has withdrawn is trusted at most this long. */
  readonly maxAgeMs: number;
}

export const DEFAULT_KEY_FETCHING: KeyFetching = {
  timeoutMs: 3_000,
  cooldownMs: 30_000,
  restMs: 5_000,
  maxAgeMs: 600_000,
};

/** The issuer's keys cannot be had now. */
export class KeysUnavailable extends Error {
  override readonly name = "KeysUnavailable";
}

/** Whether keys may be fetched from here: https, or http on loopback. */
export function isKeySetUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.username !== "" || url.password !== "") return false;
  return url.protocol === "https:" || (url.protocol === "http:" && LOOPBACK.test(url.hostname));
}

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

export interface TokenKeysOptions {
  readonly fetching: KeyFetching;
  readonly now: () => Date;
  /** Told of each fetch that failed, and once of an inline set that cannot be used. */
  readonly onUnavailable: (issuer: string, error: unknown) => void;
}

/** Where an issuer's keys are; one of the two is not empty. */
export type KeySource = Pick<TokenIssuer, "issuer" | "jwksUri" | "jwksJson">;

/** The public keys of token issuers, by their key sets. */
export class TokenKeys {
  readonly #options: TokenKeysOptions;
  readonly #sets = new Map<string, JWTVerifyGetKey>();

  constructor(options: TokenKeysOptions) {
    this.#options = options;
  }

  /**
   * Picks the key for a token's header. The function rejects with KeysUnavailable when the set cannot be had, with
   * one of jose's errors when it has no such key.
   */
  of(issuer: KeySource): JWTVerifyGetKey {
    const name = issuer.jwksUri === "" ? issuer.jwksJson : issuer.jwksUri;
    const known = this.#sets.get(name);
    if (known !== undefined) return known;
    const keys = this.#open(issuer);
    const [oldest] = this.#sets.keys();
    if (this.#sets.size >= MAX_KEY_SETS && oldest !== undefined) this.#sets.delete(oldest);
    this.#sets.set(name, keys);
    return keys;
  }

  #open(issuer: KeySource): JWTVerifyGetKey {
    try {
      return reportingUnavailable(
        issuer.jwksUri === "" ? createLocalJWKSet(JSON.parse(issuer.jwksJson)) : this.#remoteKeys(issuer),
      );
    } catch (cause) {
      const error = new KeysUnavailable("the key set cannot be used", { cause });
      this.#options.onUnavailable(issuer.issuer, error);
      return () => Promise.reject(error);
    }
  }

  #remoteKeys({ issuer, jwksUri }: KeySource): JWTVerifyGetKey {
    if (!isKeySetUrl(jwksUri))
      throw new KeysUnavailable("keys are fetched over https, or http from loopback");
    const { fetching, now, onUnavailable } = this.#options;
    return createRemoteJWKSet(new URL(jwksUri), {
      timeoutDuration: fetching.timeoutMs,
      cooldownDuration: fetching.cooldownMs,
      cacheMaxAge: fetching.maxAgeMs,
      [customFetch]: restingAfterFailure({
        restMs: fetching.restMs,
        now,
        onFailed: (error) => onUnavailable(issuer, error),
      }),
    });
  }
}

/** Tells a set that cannot be had from a token that names a key which the set does not hold. */
function reportingUnavailable(keys: JWTVerifyGetKey): JWTVerifyGetKey {
  return async (header, token) => {
    try {
      return await keys(header, token);
    } catch (cause) {
      if (cause instanceof KeysUnavailable || isAboutTheToken(cause)) throw cause;
      throw new KeysUnavailable("the key set cannot be had", { cause });
    }
  };
}

function isAboutTheToken(error: unknown): boolean {
  return (
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys ||
    error instanceof errors.JOSENotSupported
  );
}

/**
 * jose counts its cooldown from the last fetch that succeeded. Without this rest, each call with a token of an issuer
 * that is down would try again, and wait.
 */
function restingAfterFailure(options: {
  readonly restMs: number;
  readonly now: () => Date;
  readonly onFailed: (error: unknown) => void;
}): FetchImplementation {
  const { restMs, now, onFailed } = options;
  let restsUntil = Number.NEGATIVE_INFINITY;
  return async (url, request) => {
    if (now().getTime() < restsUntil)
      throw new KeysUnavailable("the key set could not be fetched a moment ago");
    try {
      return await fetchKeySet(url, request);
    } catch (error) {
      restsUntil = now().getTime() + restMs;
      onFailed(error);
      throw error;
    }
  };
}

/** Fetches without following redirects, and reads a bounded body. `options.signal` bounds the time for all of it. */
const fetchKeySet: FetchImplementation = async (url, options) => {
  const response = await fetch(url, { ...options, redirect: "manual" });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new KeysUnavailable(`the key set's server answered HTTP ${response.status}`);
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > MAX_KEY_SET_BYTES) throw new KeysUnavailable("the key set is too large");
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString("utf8");
  createLocalJWKSet(JSON.parse(text));
  return new Response(text);
};
