import type { Interceptor } from "@connectrpc/connect";
import { type Gate, type Logger, parseNetworks, reasonName, Secret } from "@countersign/service-kit";
import { ApiKeyHasher, DEVELOPMENT_PEPPER } from "./access/api-key.ts";
import { type Authenticator, createAuthenticator } from "./access/authenticator.ts";
import { createGate } from "./access/gate.ts";
import { KeyUses } from "./access/key-uses.ts";
import { TokenAuthenticator } from "./access/token-authenticator.ts";
import { DEFAULT_KEY_FETCHING } from "./access/token-keys.ts";
import { AuditKeeper } from "./audit/audit-keeper.ts";
import { AuditKey, DEVELOPMENT_AUDIT_SEED } from "./audit/audit-key.ts";
import { AuditLog } from "./audit/audit-log.ts";
import type { CommonConfig } from "./config/config.ts";
import { denialNotes, denialsInterceptor, type NoteRefusal } from "./interceptors/denials.ts";
import type { Ledger } from "./ledger/ledger.ts";
import type { Events } from "./observability/events.ts";
import { openRateLimiter } from "./shared-state/open-rate-limiter.ts";
import type { RateLimiter } from "./shared-state/rate-limiter.ts";
import { Directory } from "./tenant/directory.ts";

/** Who calls a method that is open to everybody. */
const ANONYMOUS = { tenant: "", actor: "anonymous", budgetUser: "anonymous" };

export interface ProtectionOptions {
  readonly config: CommonConfig;
  readonly ledger: Ledger;
  readonly events: Events;
  readonly log: Logger;
  readonly now: () => Date;
  /** Asked before API keys and tokens. */
  readonly authenticators: readonly Authenticator[];
}

/** What stands between the relay and its callers. */
export interface Protection {
  readonly directory: Directory;
  readonly hasher: ApiKeyHasher;
  readonly gate: Gate;
  readonly limiter: RateLimiter;
  /** Around the handlers. */
  readonly denials: Interceptor;
  /** For a part of a call that is refused while the call goes on. */
  readonly noteRefusal: NoteRefusal;
  readonly audit: AuditLog;
  readonly auditKey: AuditKey;
  readonly auditKeeper: AuditKeeper;
  /** Follows the ledger, and keeps the audit log, until `signal` aborts. Never throws. */
  run(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** Opens it all. Rejects when the ledger does. */
export async function openProtection(options: ProtectionOptions): Promise<Protection> {
  const { config, ledger, events, log, now, authenticators } = options;
  const directory = await Directory.open({
    store: ledger,
    onFailed: (error) => events.directoryFailed({ error }),
    onUnusable: ({ tenant, kind, version }, error) =>
      log.error({ tenant, kind, version: version.toString(), err: error }, "document cannot be used"),
  });
  const limiter = await openRateLimiter({
    redis: config.redis,
    fallbackFraction: config.rates.redisDownFraction,
    now: Date.now,
    onDegraded: (error) => events.rateLimitsDegraded({ error }),
    onRestored: () => events.rateLimitsRestored(),
  });
  const hasher = new ApiKeyHasher(config.auth.apiKeyPeppers ?? [new Secret(DEVELOPMENT_PEPPER)]);
  const auditKey = AuditKey.fromSeed(config.audit.signingSeed ?? new Secret(DEVELOPMENT_AUDIT_SEED));
  const audit = new AuditLog({
    store: ledger,
    now,
    onFailed: (error) => events.auditFailed({ step: "note", error }),
  });
  const auditKeeper = new AuditKeeper({
    store: ledger,
    key: auditKey,
    now,
    headIntervalMs: config.audit.headIntervalS * 1000,
    retentionDays: config.audit.retentionDays,
    onFailed: (error) => events.auditFailed({ step: "keep", error }),
  });
  const keyUses = new KeyUses({
    store: ledger,
    now,
    onFailed: (error) => events.ledgerUnavailable({ operation: "key-uses", error }),
  });
  const gate = createGate({
    authenticate: createAuthenticator({
      directory,
      hasher,
      tokens: new TokenAuthenticator({
        directory,
        fetching: DEFAULT_KEY_FETCHING,
        now,
        onUnavailable: (issuer, error) => log.warn({ issuer, err: error }, "issuer's keys not to be had"),
      }),
      custom: authenticators,
      now,
    }),
    directory,
    limiter,
    rates: config.rates,
    trustedProxies: parseNetworks(config.listen.trustedProxies),
    onRefused: ({ tenant, actor, method, address, requestId, reason: number }) => {
      const reason = reasonName(number);
      events.accessRefused({ tenant, actor, method, address, requestId, reason });
      const kind = reason === "RATE_LIMITED" ? "rate.limited" : "auth.refused";
      audit.note({ tenant, kind, actor, reason, method, address });
    },
    onKeyUsed: (id) => keyUses.note(id),
  });
  const noteRefusal = denialNotes(({ caller = ANONYMOUS, method, reason }) => {
    const { tenant, actor, budgetUser } = caller;
    const who = actor === budgetUser ? actor : `${actor} for ${budgetUser}`;
    audit.note({ tenant, kind: "call.denied", actor: who, reason, method, address: "" });
  });
  return {
    directory,
    hasher,
    gate,
    limiter,
    denials: denialsInterceptor(noteRefusal),
    noteRefusal,
    audit,
    auditKey,
    auditKeeper,
    async run(signal) {
      await Promise.all([directory.run(signal), keyUses.run(signal), auditKeeper.run(signal)]);
    },
    async close() {
      await audit.close();
      await limiter.close();
    },
  };
}
