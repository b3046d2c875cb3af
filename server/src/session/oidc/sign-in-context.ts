import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import type { AssertFresh } from "../linking-session.ts";
import type { Pending, Users } from "../ports.ts";
import { assertOrigin, type SignInDirectory, signInOf } from "../relying-party.ts";
import type { IdTokens } from "./id-tokens.ts";
import { type Provider, providerOf } from "./provider.ts";

/** What signing in with an identity provider works with. */
export interface ProviderSignInContext {
  readonly directory: SignInDirectory;
  readonly users: Users;
  readonly pending: Pending;
  readonly idTokens: Pick<IdTokens, "verify">;
  readonly randomBytes: (length: number) => Uint8Array;
  readonly now: () => Date;
  readonly assertFresh: AssertFresh;
  /** Told when a provider cannot be asked, or not as it is configured. */
  readonly onProviderFailed: (providerId: string, error: unknown) => void;
}

/** The origins of a tenant's wallets. */
export function walletOrigins(directory: SignInDirectory, tenant: string): string[] {
  return directory.signIn(tenant)?.relyingParties.flatMap(({ origins }) => origins) ?? [];
}

/** The tenant's provider. Throws TENANT_*, PAUSED, IDENTITY_PROVIDER_NOT_FOUND, ORIGIN_NOT_ALLOWED. */
export function providerFor(
  directory: SignInDirectory,
  tenant: string,
  providerId: string,
  origin: string | null,
): Provider {
  const settings = signInOf(directory, tenant)?.providers.find(({ id }) => id === providerId);
  if (settings === undefined) {
    throw new DomainError(
      ErrorReason.IDENTITY_PROVIDER_NOT_FOUND,
      "the tenant has no identity provider of this id",
    );
  }
  assertOrigin(walletOrigins(directory, tenant), origin);
  return providerOf(settings);
}

/** 256 random bits in base64url: 43 characters. */
export function randomText(randomBytes: (length: number) => Uint8Array): string {
  return Buffer.from(randomBytes(32)).toString("base64url");
}
