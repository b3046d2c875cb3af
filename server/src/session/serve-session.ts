import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { SessionService } from "@countersign/gen/countersign/session/v1/session_service_pb.ts";
import { parseNetworks, serve } from "@countersign/service-kit";
import { DEFAULT_KEY_FETCHING, TokenKeys } from "../access/token-keys.ts";
import type { CommonConfig } from "../config/config.ts";
import type { NearViews } from "../near/views.ts";
import { openPending, pendingOver } from "../shared-state/open-pending.ts";
import { AppSessions } from "./app-sessions.ts";
import type { AppTokens } from "./app-tokens.ts";
import { contractCheck } from "./contract-check.ts";
import { keySetEndpoint } from "./key-set-endpoint.ts";
import { Discovery } from "./oidc/discovery.ts";
import { IdTokens } from "./oidc/id-tokens.ts";
import type { RedirectContext } from "./oidc/redirect-sign-in.ts";
import type { Session, SessionOptions } from "./open-session.ts";
import { redirectEndpoints } from "./redirect-endpoints.ts";
import { sessionCalls } from "./session-calls.ts";
import type { SessionContext } from "./session-context.ts";
import { SessionCookies } from "./session-cookies.ts";
import { pruneSessions } from "./session-pruner.ts";
import { sessionService } from "./session-service.ts";
import { storableTexts } from "./storable-texts.ts";
import { createUsers } from "./users.ts";

/** What a relay needs at which users sign in. */
interface ServedSessionOptions extends SessionOptions {
  readonly section: NonNullable<CommonConfig["session"]>;
  readonly tokens: AppTokens;
}

/** The configuration lets none pass that would ask a contract and knows no endpoint. */
function viewsFor({ views }: SessionOptions): NearViews {
  if (views === undefined) throw new Error("session.contract_verification needs near.endpoints");
  return views;
}

/** Puts together how users sign in. */
export async function serveSession(options: ServedSessionOptions): Promise<Session> {
  const { config, section, ledger, protection, tokens, events, log, now, randomBytes } = options;
  const { directory, limiter } = protection;
  const { assertFresh } = tokens;
  const onPendingFailed = (error: unknown) => log.warn({ err: error }, "what users begin cannot be kept");
  const pending =
    options.pendingStore === undefined
      ? await openPending({ redis: config.redis, now: Date.now, onFailed: onPendingFailed })
      : pendingOver(options.pendingStore, onPendingFailed);
  const users = createUsers({ store: ledger, now, randomBytes, ended: tokens.ended });
  const discovery = new Discovery(now);
  const keys = new TokenKeys({
    fetching: DEFAULT_KEY_FETCHING,
    now,
    onUnavailable: (issuer, error) => log.warn({ issuer, err: error }, "provider's keys not to be had"),
  });
  const providers: RedirectContext = {
    ...{ directory, users, pending, discovery, randomBytes, now, assertFresh },
    idTokens: new IdTokens({ discovery, keys, now }),
    issuer: section.issuer,
    clientSecrets: section.clientSecrets,
    onProviderFailed: (issuer, error) => log.warn({ issuer, err: error }, "provider cannot be asked"),
  };
  const { contractVerification, cookies: cookieMode } = section;
  const cookies = cookieMode && new SessionCookies({ ...cookieMode, now });
  const context: SessionContext = {
    users,
    passkeys: {
      ...{ directory, users, pending, randomBytes, assertFresh },
      contractCheck: contractVerification && contractCheck(contractVerification, viewsFor(options)),
    },
    providers,
    sessions: new AppSessions({
      ...{ store: ledger, minter: tokens.minter, ended: tokens.ended, now, randomBytes },
      lifetimeMs: section.lifetimeS * 1000,
      idleMs: section.idleS * 1000,
    }),
    cookies,
    optionalCaller: (headers) => tokens.authenticator.optionalCaller({ headers, directory }),
    assertFresh,
    verifyFreshToken: (token, tenant) => tokens.verifyFresh(token, tenant),
    handOut: (issued, call) => cookies?.handOut(issued, call) ?? issued,
  };
  const withdrawal: Session["withdrawal"] = ({ appSession }) =>
    appSession !== null && tokens.ended.has(appSession.id)
      ? { reason: ErrorReason.CREDENTIALS_REVOKED, message: "the session has ended" }
      : undefined;
  return {
    users,
    services: [serve(SessionService, sessionService(context))],
    filters: [
      keySetEndpoint(tokens.keys),
      redirectEndpoints({
        ...providers,
        limiter,
        rates: config.rates,
        trustedProxies: parseNetworks(config.listen.trustedProxies),
        onRefused: (refusal) =>
          protection.audit.note({ tenant: "", kind: "auth.refused", actor: "anonymous", ...refusal }),
        onFault: (error) => log.error({ err: error }, "sign-in with a redirect failed"),
      }),
    ],
    interceptors: [
      storableTexts,
      sessionCalls({
        ...{ directory, limiter, withdrawal },
        tenantRate: config.rates.signInTenant,
        cookies: cookies !== undefined,
      }),
    ],
    withdrawal,
    async run(signal) {
      const onFailed = (error: unknown) => events.ledgerUnavailable({ operation: "prune-sessions", error });
      await Promise.all([tokens.run(signal), pruneSessions({ store: ledger, now, onFailed }, signal)]);
    },
    close: () => pending.close(),
  };
}
