import { performance } from "node:perf_hooks";
import { Code } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { codeOfReason, DomainError, type Logger } from "@countersign/service-kit";
import { AppTokenAuthenticator } from "../access/app-token-authenticator.ts";
import { saysAppToken } from "../access/app-token-type.ts";
import { type AppTokenIssuer, AppTokenVerifier, MAX_APP_TOKEN_S } from "../access/app-token-verifier.ts";
import { DEFAULT_KEY_FETCHING, TokenKeys } from "../access/token-keys.ts";
import type { CommonConfig } from "../config/config.ts";
import type { AppSessionStore } from "../ledger/app-session-types.ts";
import type { Events } from "../observability/events.ts";
import { AppTokenMinter } from "./app-token-minter.ts";
import { EndedSessions } from "./ended-sessions.ts";
import type { AssertFresh } from "./linking-session.ts";
import { SigningKeys } from "./signing-keys.ts";

export interface AppTokensOptions {
  readonly config: Pick<CommonConfig, "session">;
  readonly store: AppSessionStore;
  readonly events: Events;
  readonly log: Logger;
  readonly now: () => Date;
}

/** The relay's own access tokens: how they are made, who may use them, and which are of ended sessions. */
export interface AppTokens {
  readonly keys: SigningKeys;
  readonly minter: AppTokenMinter;
  readonly authenticator: AppTokenAuthenticator;
  readonly ended: EndedSessions;
  readonly assertFresh: AssertFresh;
  /**
   * Whose token this is, of a session of this relay and the tenant that is fresh. Throws MERGE_PROOF_INVALID,
   * LEDGER_UNAVAILABLE.
   */
  verifyFresh(token: string, tenant: string): Promise<{ readonly userId: string }>;
  run(signal: AbortSignal): Promise<void>;
}

/** Undefined without a section of the configuration. Rejects when the ledger does. */
export async function openAppTokens(options: AppTokensOptions): Promise<AppTokens | undefined> {
  const { config, store, events, log, now } = options;
  const section = config.session;
  if (section === undefined) return undefined;
  const keys = new SigningKeys(
    section.signingKeys.map(({ id, seed, notAfter }) => ({
      ...{ id, seed },
      notAfter: notAfter === undefined ? undefined : new Date(notAfter),
    })),
    now,
  );
  const ended = await EndedSessions.open({
    store,
    tokensLiveMs: MAX_APP_TOKEN_S * 1000,
    now,
    monotonicMs: () => performance.now(),
    onFailed: (error) => events.ledgerUnavailable({ operation: "ended-sessions", error }),
  });
  const peerKeys = new TokenKeys({
    fetching: DEFAULT_KEY_FETCHING,
    now,
    onUnavailable: (issuer, error) => log.warn({ issuer, err: error }, "peer's keys not to be had"),
  });
  const own: AppTokenIssuer = {
    ...{ issuer: section.issuer, audience: section.audience, keys: keys.keyOf },
    tenants: null,
  };
  const peers = section.peers.map(({ issuer, audience, jwksUri = "", jwksJson = "", tenants }) => ({
    ...{ issuer, audience },
    keys: peerKeys.of({ issuer, jwksUri, jwksJson }),
    tenants: new Set(tenants),
  }));
  const isEnded = (id: string) => ended.has(id);
  const verifier = new AppTokenVerifier({ issuers: [own, ...peers], isEnded, now });
  const cookies = section.cookies !== undefined;
  const isFresh = (startedAt: Date) => now().getTime() - startedAt.getTime() <= section.freshS * 1000;
  return {
    keys,
    minter: new AppTokenMinter({
      issuer: section.issuer,
      audience: section.audience,
      lifetimeS: section.accessTokenS,
      keys,
      now,
    }),
    authenticator: new AppTokenAuthenticator({ verifier, cookies }),
    ended,
    assertFresh({ startedAt }) {
      if (isFresh(startedAt)) return;
      throw new DomainError(ErrorReason.SESSION_NOT_FRESH, "the session is too old for this: sign in again");
    },
    verifyFresh: (token, tenant) => verifyFresh(verifier, isFresh, token, tenant),
    run: (signal) => ended.run(signal),
  };
}

async function verifyFresh(
  verifier: AppTokenVerifier,
  isFresh: (startedAt: Date) => boolean,
  token: string,
  tenant: string,
): Promise<{ readonly userId: string }> {
  if (!saysAppToken(token)) throw invalidProof();
  const claims = await verifier.verify(token).catch((error: unknown) => {
    const isBad = error instanceof DomainError && codeOfReason(error.reason) === Code.Unauthenticated;
    throw isBad ? invalidProof(error) : error;
  });
  const { session, userId } = claims;
  if (claims.tenant !== tenant || session === null || !isFresh(session.startedAt)) throw invalidProof();
  return { userId };
}

function invalidProof(cause?: unknown): DomainError {
  return new DomainError(
    ErrorReason.MERGE_PROOF_INVALID,
    "the token is not one of a session of this tenant that has just begun",
    cause === undefined ? {} : { cause },
  );
}
