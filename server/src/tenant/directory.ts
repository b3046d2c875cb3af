import { setTimeout as delay } from "node:timers/promises";
import type {
  ApiKey,
  DocumentKind,
  Pause,
  ProtectionSnapshot,
  ProtectionStore,
  StoredDocument,
  Tenant,
  TokenIssuer,
} from "../ledger/protection-types.ts";
import type { Webhook } from "../ledger/webhook-types.ts";
import { EMPTY_POLICY, type Policy } from "../policy/policy.ts";
import { policyFromText } from "../policy/policy-document.ts";
import type { RelyingPartySettings, SignInSettings } from "../session/ports.ts";
import { CLOSED_LIMITS, limitsFromText, NO_LIMITS, type TenantLimits } from "./limits.ts";

/** How often the ledger is asked for changes, in milliseconds: well within the 2 s in which a pause must work. */
const DEFAULT_POLL_MS = 500;

/** A tenant with what it may do. */
export interface TenantAccess {
  readonly tenant: Tenant;
  readonly policy: Policy;
  /** 0 for a tenant without a policy. */
  readonly policyVersion: bigint;
  readonly limits: TenantLimits;
}

export interface DirectoryOptions {
  readonly store: Pick<ProtectionStore, "revision" | "snapshot">;
  /** Milliseconds; 500 by default. */
  readonly pollMs?: number;
  /** Told of every view after the first. */
  readonly onReload?: (directory: Directory) => void;
  /** Told when the ledger could not be asked: the view stays as it was. */
  readonly onFailed: (error: unknown) => void;
  /** Told once of every version of a document that cannot be used: its tenant may do nothing. */
  readonly onUnusable: (document: StoredDocument, error: unknown) => void;
}

interface View {
  readonly snapshot: ProtectionSnapshot;
  readonly keys: ReadonlyMap<string, ApiKey>;
  readonly access: ReadonlyMap<string, TenantAccess>;
  readonly issuers: ReadonlyMap<string, { readonly tenant: string; readonly issuer: TokenIssuer }>;
  readonly origins: ReadonlySet<string>;
  readonly relyingParties: ReadonlyMap<string, RelyingPartySettings>;
  readonly webhookTenants: ReadonlySet<string>;
}

interface ParsedDocument {
  readonly document: StoredDocument;
  readonly policy: Policy;
  readonly limits: TenantLimits;
}

/**
 * Tenants, keys, policies, limits and pauses, in memory: every call asks, and none waits for the ledger. Follows the
 * ledger's revisions, and keeps the last view while the ledger is away.
 */
export class Directory {
  readonly #options: DirectoryOptions;
  #view: View;
  #parsed = new Map<string, ParsedDocument>();
  #reloads: Promise<void> = Promise.resolve();

  private constructor(options: DirectoryOptions, snapshot: ProtectionSnapshot) {
    this.#options = options;
    this.#view = this.#viewOf(snapshot);
  }

  /** Loads the first view; rejects when the ledger does. */
  static async open(options: DirectoryOptions): Promise<Directory> {
    return new Directory(options, await options.store.snapshot());
  }

  /** Follows the ledger until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { store, pollMs = DEFAULT_POLL_MS, onFailed } = this.#options;
    while (!signal.aborted) {
      try {
        if ((await store.revision()) !== this.revision) await this.refresh();
      } catch (error) {
        onFailed(error);
      }
      await delay(pollMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Loads what the ledger says now, for example after a change of our own. Never rejects: `run` tries again. */
  refresh(): Promise<void> {
    // One after the other: a load that began before a change must not come after, or in place of, one that sees it.
    this.#reloads = this.#reloads.then(() => this.#reload());
    return this.#reloads;
  }

  get revision(): bigint {
    return this.#view.snapshot.revision;
  }

  get pauses(): readonly Pause[] {
    return this.#view.snapshot.pauses;
  }

  /** Of all tenants. */
  get webhooks(): readonly Webhook[] {
    return this.#view.snapshot.webhooks;
  }

  hasWebhooks(tenantId: string): boolean {
    return this.#view.webhookTenants.has(tenantId);
  }

  tenant(id: string): Tenant | undefined {
    return this.access(id)?.tenant;
  }

  /** Revoked and expired keys too. */
  key(id: string): ApiKey | undefined {
    return this.#view.keys.get(id);
  }

  /** The one tenant that takes tokens of this issuer for one of these audiences; undefined for none or several. */
  issuer(
    issuer: string,
    audiences: readonly string[],
  ): { readonly tenant: string; readonly issuer: TokenIssuer } | undefined {
    const found = new Set(audiences.map((audience) => this.#view.issuers.get(issuerKey(issuer, audience))));
    found.delete(undefined);
    const [first] = found;
    return found.size === 1 ? first : undefined;
  }

  /** How the tenant's users sign in; undefined for a tenant whose users do not. */
  signIn(tenantId: string): SignInSettings | undefined {
    return this.tenant(tenantId)?.signIn ?? undefined;
  }

  /** The relying party of this id, whichever enabled tenant's it is. */
  relyingParty(id: string): RelyingPartySettings | undefined {
    return this.#view.relyingParties.get(id);
  }

  access(tenantId: string): TenantAccess | undefined {
    return this.#view.access.get(tenantId);
  }

  /** Every origin from which some enabled tenant's users call: a preflight does not say whose it is. */
  allOrigins(): ReadonlySet<string> {
    return this.#view.origins;
  }

  async #reload(): Promise<void> {
    const { store, onReload, onFailed } = this.#options;
    try {
      this.#view = this.#viewOf(await store.snapshot());
      onReload?.(this);
    } catch (error) {
      onFailed(error);
    }
  }

  #viewOf(snapshot: ProtectionSnapshot): View {
    this.#parsed = new Map(
      snapshot.documents.map((document) => [
        documentKey(document.tenant, document.kind),
        this.#parse(document),
      ]),
    );
    const access = snapshot.tenants.map((tenant) => this.#accessOf(tenant));
    const enabled = access.filter(({ tenant }) => !tenant.disabled);
    const parties = enabled.flatMap(({ tenant }) => tenant.signIn?.relyingParties ?? []);
    return {
      snapshot,
      keys: new Map(snapshot.keys.map((key) => [key.id, key])),
      access: new Map(access.map((a) => [a.tenant.id, a])),
      issuers: new Map(
        snapshot.tenants.flatMap((tenant) =>
          tenant.tokenIssuers.map((issuer) => [
            issuerKey(issuer.issuer, issuer.audience),
            { tenant: tenant.id, issuer },
          ]),
        ),
      ),
      origins: new Set(
        [
          ...enabled.map(({ policy }) => policy.allowedOrigins),
          ...parties.map(({ origins }) => origins),
        ].flat(),
      ),
      relyingParties: new Map(parties.map((party) => [party.id, party])),
      webhookTenants: new Set(snapshot.webhooks.map(({ tenant }) => tenant)),
    };
  }

  #accessOf(tenant: Tenant): TenantAccess {
    const policy = this.#parsed.get(documentKey(tenant.id, "policy"));
    const limits = this.#parsed.get(documentKey(tenant.id, "limits"));
    return {
      tenant,
      policy: policy?.policy ?? EMPTY_POLICY,
      policyVersion: policy?.document.version ?? 0n,
      limits: limits?.limits ?? NO_LIMITS,
    };
  }

  /** Once for each version of a document: compiling a policy is not cheap. */
  #parse(document: StoredDocument): ParsedDocument {
    const before = this.#parsed.get(documentKey(document.tenant, document.kind));
    if (before?.document.version === document.version && before.document.text === document.text)
      return before;
    try {
      return document.kind === "policy"
        ? { document, policy: policyFromText(document.text), limits: NO_LIMITS }
        : { document, policy: EMPTY_POLICY, limits: limitsFromText(document.text) };
    } catch (error) {
      this.#options.onUnusable(document, error);
      return { document, policy: EMPTY_POLICY, limits: CLOSED_LIMITS };
    }
  }
}

function documentKey(tenant: string, kind: DocumentKind): string {
  return `${tenant} ${kind}`;
}

function issuerKey(issuer: string, audience: string): string {
  return JSON.stringify([issuer, audience]);
}
