import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import type { Pause } from "../ledger/protection-types.ts";
import { refused } from "../rules/refused.ts";
import { pauseRefusal } from "../tenant/pauses.ts";
import type { RelyingPartySettings, SignInSettings } from "./ports.ts";

/** What the directory says of tenants whose users sign in. */
export interface SignInDirectory {
  tenant(id: string): { readonly disabled: boolean } | undefined;
  /** Undefined for a tenant whose users do not sign in. */
  signIn(tenant: string): SignInSettings | undefined;
  readonly pauses: readonly Pause[];
}

/** How an enabled tenant's users sign in. Throws TENANT_NOT_FOUND, TENANT_DISABLED, PAUSED. */
export function signInOf(directory: SignInDirectory, tenantId: string): SignInSettings | undefined {
  const tenant = directory.tenant(tenantId);
  if (tenant === undefined) throw new DomainError(ErrorReason.TENANT_NOT_FOUND, "there is no such tenant");
  if (tenant.disabled) throw new DomainError(ErrorReason.TENANT_DISABLED, "the tenant is disabled");
  assertNotPaused(directory, tenantId);
  return directory.signIn(tenantId);
}

/**
 * Nobody signs in while the relay or the tenant is paused, nor while this method is. Sessions that have begun go on. Throws
 * PAUSED.
 */
export function assertNotPaused(
  { pauses }: Pick<SignInDirectory, "pauses">,
  tenant: string,
  method = "",
): void {
  const refusal = pauseRefusal(pauses, { tenant, method });
  if (refusal !== undefined) throw refused(refusal);
}

/** Throws TENANT_DISABLED, also for a tenant that this relay has not heard of yet. */
export function assertEnabled(directory: Pick<SignInDirectory, "tenant">, tenantId: string): void {
  if (directory.tenant(tenantId)?.disabled === false) return;
  throw new DomainError(ErrorReason.TENANT_DISABLED, "the tenant is disabled");
}

/** The tenant's relying party of this id, in whatever case it is written. */
export function findRelyingParty(
  settings: SignInSettings | undefined,
  rpId: string,
): RelyingPartySettings | undefined {
  const id = rpId.toLowerCase();
  return settings?.relyingParties.find((party) => party.id === id);
}

/**
 * Throws ORIGIN_NOT_ALLOWED for a page of another origin than these. Browsers name the origin, and pages cannot change it;
 * other callers name none.
 */
export function assertOrigin(allowed: readonly string[], origin: string | null): void {
  if (origin !== null && !allowed.includes(origin)) {
    throw new DomainError(
      ErrorReason.ORIGIN_NOT_ALLOWED,
      "the tenant's users do not sign in from this origin",
    );
  }
}
