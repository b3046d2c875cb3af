import { isIP } from "node:net";
import type {
  IdentityProvider,
  RelyingParty,
  SignIn,
} from "@countersign/gen/countersign/admin/v1/tenant_pb.ts";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import { isKeySetUrl } from "../../access/token-keys.ts";
import { SCOPES } from "../../ledger/protection-types.ts";
import type { SignInSettings } from "../../session/ports.ts";

/** A user who could name other users would be all of them. */
const SIGN_IN_SCOPES: readonly string[] = SCOPES.filter((scope) => scope !== "end-users");

/** The provider whose issuer the relay knows itself. */
const PRESET = "google";

/**
 * A tenant's sign-in settings from a request whose schema was checked; null for a message that holds nothing: then its
 * users sign in no more. Throws SIGN_IN_INVALID; the message says where.
 */
export function signInSettings({ relyingParties, providers, scopes }: SignIn): SignInSettings | null {
  if (relyingParties.length === 0 && providers.length === 0) {
    if (scopes.length > 0) throw invalidSignIn("scopes are of no use without relying_parties or providers");
    return null;
  }
  for (const [i, party] of relyingParties.entries()) {
    const problem = partyProblem(party);
    if (problem !== undefined) throw invalidSignIn(`relying_parties[${i}] ${problem}`);
  }
  for (const [i, provider] of providers.entries()) {
    const problem = providerProblem(provider);
    if (problem !== undefined) throw invalidSignIn(`providers[${i}] ${problem}`);
  }
  if (hasTwice(relyingParties)) throw invalidSignIn("relying_parties have the same id");
  if (hasTwice(providers)) throw invalidSignIn("providers have the same id");
  if (!scopes.every((scope) => SIGN_IN_SCOPES.includes(scope))) {
    throw invalidSignIn(`scopes must be among ${SIGN_IN_SCOPES.join(", ")}`);
  }
  return {
    relyingParties: relyingParties.map(({ id, name, origins, userVerificationOptional }) => ({
      id,
      name,
      origins,
      userVerificationOptional,
    })),
    providers: providers.map(({ id, issuer, clientId, clientSecretName }) => ({
      id,
      issuer,
      clientId,
      clientSecretName,
    })),
    scopes,
  };
}

/** The refusal of sign-in settings. */
export function invalidSignIn(message: string): DomainError {
  return new DomainError(ErrorReason.SIGN_IN_INVALID, message);
}

function partyProblem({ id, origins }: RelyingParty): string | undefined {
  if (!isDomain(id) || !(id.includes(".") || id === "localhost")) {
    return 'id must be a domain in lower case with a dot in it, or "localhost"';
  }
  const wrong = origins.findIndex((origin) => !isWalletOrigin(origin, id));
  if (wrong === -1) return undefined;
  const rule = "https, or http on localhost below its id, and nothing after the host and the port";
  return `origins[${wrong}] must be the origin of a domain, in lower case: ${rule}`;
}

/** As browsers write it: labels, no address, no port (https://www.w3.org/TR/webauthn-3/#rp-id). */
function isDomain(text: string): boolean {
  const isLabel = (label: string) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(label);
  if (text.length > 253 || !text.split(".").every(isLabel) || isIP(text) !== 0) return false;
  return URL.parse(`https://${text}`)?.hostname === text;
}

/**
 * Whether pages of this origin may use the relying party's passkeys: those of its own domain and of those below it,
 * and related origins, which browsers ask /.well-known/webauthn for. Only a page of this machine may come without TLS.
 */
function isWalletOrigin(origin: string, rpId: string): boolean {
  const url = URL.parse(origin);
  if (url === null || url.origin !== origin || !isDomain(url.hostname)) return false;
  if (url.protocol === "https:") return true;
  return (
    url.protocol === "http:" && isAtOrBelow(url.hostname, "localhost") && isAtOrBelow(url.hostname, rpId)
  );
}

function isAtOrBelow(host: string, domain: string): boolean {
  return host === domain || host.endsWith(`.${domain}`);
}

function providerProblem({ id, issuer }: IdentityProvider): string | undefined {
  if (id === PRESET) return issuer === "" ? undefined : `issuer must be empty: the relay knows ${PRESET}'s`;
  const url = URL.parse(issuer);
  return isKeySetUrl(issuer) && url?.search === "" && url.hash === "" && !/[?#]$/.test(issuer)
    ? undefined
    : "issuer must be https, or http on loopback, without credentials, query and fragment";
}

function hasTwice(named: readonly { readonly id: string }[]): boolean {
  return new Set(named.map(({ id }) => id)).size < named.length;
}
