import { z } from "zod";
import { isKeySetUrl } from "../../access/token-keys.ts";
import { askProvider, ProviderUnavailable } from "./bounded-fetch.ts";
import type { Provider } from "./provider.ts";

/** How long a provider's configuration is used, in milliseconds. */
const MAX_AGE_MS = 600_000;
/** After a failure, this long passes before the provider is asked again. */
const REST_MS = 5_000;
/** Configurations that are kept. */
const MAX_PROVIDERS = 1_024;

const endpoint = z.string().max(2_048).refine(isKeySetUrl);

const metadata = z.object({
  issuer: z.string(),
  authorization_endpoint: endpoint,
  token_endpoint: endpoint,
  jwks_uri: endpoint,
  token_endpoint_auth_methods_supported: z.array(z.string()).optional(),
});

/** Where a provider's endpoints are (OpenID Connect Discovery 1.0, section 3). */
export interface ProviderMetadata {
  readonly authorizationEndpoint: URL;
  readonly tokenEndpoint: URL;
  readonly jwksUri: string;
  /** Whether the client's secret travels in header Authorization, rather than in the form. */
  readonly basicAuth: boolean;
}

interface Known {
  readonly answer: Promise<ProviderMetadata>;
  /** In milliseconds. */
  until: number;
}

/** The configurations of providers, each fetched once in ten minutes however many ask for it. */
export class Discovery {
  readonly #now: () => Date;
  readonly #known = new Map<string, Known>();

  constructor(now: () => Date) {
    this.#now = now;
  }

  /** Throws ProviderUnavailable. */
  of({ issuer, issuerForms }: Provider): Promise<ProviderMetadata> {
    const now = this.#now().getTime();
    const known = this.#known.get(issuer);
    if (known !== undefined && now < known.until) return known.answer;
    const answer = discover(issuer, issuerForms);
    const fresh: Known = { answer, until: now + MAX_AGE_MS };
    answer.catch(() => {
      fresh.until = this.#now().getTime() + REST_MS;
    });
    const [oldest] = this.#known.keys();
    if (this.#known.size >= MAX_PROVIDERS && oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(issuer, fresh);
    return answer;
  }
}

async function discover(issuer: string, issuerForms: readonly string[]): Promise<ProviderMetadata> {
  if (!isKeySetUrl(issuer)) throw new ProviderUnavailable("a provider is at https, or at http on loopback");
  const url = new URL(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`);
  const { status, body } = await askProvider(url);
  if (status !== 200) throw new ProviderUnavailable(`the configuration's server answered HTTP ${status}`);
  const parsed = metadata.safeParse(body);
  if (!parsed.success || !issuerForms.includes(parsed.data.issuer)) {
    throw new ProviderUnavailable("the configuration is not that of this issuer");
  }
  const { authorization_endpoint, token_endpoint, jwks_uri } = parsed.data;
  const endpoints = [authorization_endpoint, token_endpoint, jwks_uri];
  // A provider elsewhere must not have the relay call what listens on this machine alone.
  if (url.protocol === "https:" && endpoints.some((text) => new URL(text).protocol !== "https:")) {
    throw new ProviderUnavailable("the configuration names endpoints without TLS");
  }
  // Without a word about it, the header is what providers take (section 3).
  const methods = parsed.data.token_endpoint_auth_methods_supported ?? ["client_secret_basic"];
  return {
    authorizationEndpoint: new URL(authorization_endpoint),
    tokenEndpoint: new URL(token_endpoint),
    jwksUri: jwks_uri,
    basicAuth: methods.includes("client_secret_basic"),
  };
}
