import { Secret } from "@countersign/service-kit";
import { DEVELOPMENT_PEPPER } from "../access/api-key.ts";
import { isOneByteSeed } from "../signing-seed.ts";
import { isSealingKey, sealingKeyBytes } from "../webhooks/sealing-key.ts";
import { isDevelopmentSeed } from "./audit-seed.ts";
import { isOnLoopback } from "./loopback.ts";
import type { Problem } from "./with-problems.ts";

/**
 * The settings that production is particular about, under their names in the file. Anything may stand in them: they
 * are looked at whatever else is wrong, so that everything is named at once.
 */
export interface GuardedSettings {
  readonly listen?: { readonly trusted_proxies?: unknown };
  readonly replicas?: unknown;
  readonly ledger?: { readonly url?: unknown };
  readonly redis?: unknown;
  readonly near?: { readonly endpoints?: unknown } | undefined;
  readonly rates?: { readonly redis_down_fraction?: unknown };
  readonly auth?: { readonly api_key_peppers?: unknown };
  readonly audit?: { readonly signing_seed?: unknown };
  readonly admin?:
    | { readonly listen?: { readonly unix?: unknown }; readonly tls?: unknown; readonly keys?: unknown }
    | undefined;
  readonly session?: { readonly issuer?: unknown; readonly signing_keys?: unknown } | undefined;
}

/** The same, with those of a relay that has transactions signed. */
export interface FundedSettings extends GuardedSettings {
  readonly signer?: { readonly grants?: { readonly seed?: unknown } | undefined } | undefined;
  readonly webhooks?: { readonly insecure_targets?: unknown; readonly sealing_keys?: unknown };
}

/** 256 bits. */
const MIN_SECRET_BYTES = 32;
/** Least bits of a trusted network's prefix. The largest private network of IPv4 is 10.0.0.0/8. */
const MIN_PREFIX_IPV4 = 8;
const MIN_PREFIX_IPV6 = 16;

/**
 * Everything that NODE_ENV=production does not start with and development does. Wildcard origins and a signer inside of
 * the relay are refused by the schema itself, wherever the relay runs.
 */
export function* productionProblems(settings: GuardedSettings): Generator<Problem> {
  yield* sharedState(settings);
  yield* secrets(settings);
  yield* trustedNetworks(settings);
  yield* appTokens(settings);
  const { admin, near } = settings;
  if (admin !== undefined && admin?.listen?.unix === undefined && admin?.tls === undefined) {
    const message = "is needed in production, on loopback too: admin credentials would travel in plain text";
    yield { path: ["admin", "tls"], message };
  }
  for (const [i, endpoint] of list(near?.endpoints)) {
    const url = URL.parse(String(endpoint?.url));
    if (url?.protocol !== "http:" || isOnLoopback(url)) continue;
    yield { path: ["near", "endpoints", i, "url"], message: "must be https:// in production, off loopback" };
  }
}

/** The same, and what a relay needs that has transactions signed. */
export function* fundedProductionProblems(settings: FundedSettings): Generator<Problem> {
  yield* productionProblems(settings);
  const { grants } = settings.signer ?? {};
  if (grants === undefined) {
    const message = "is needed in production: a signer must know which relay has it sign, and for whom";
    yield { path: ["signer", "grants"], message };
  }
  if (grants?.seed instanceof Secret && isOneByteSeed(grants.seed)) {
    yield { path: ["signer", "grants", "seed"], message: ONE_BYTE };
  }
  yield* webhooks(settings);
}

/** Whoever says where events go could have the relay call what only it can reach. */
function* webhooks({ webhooks }: FundedSettings): Generator<Problem> {
  if (webhooks?.insecure_targets === true) {
    yield { path: ["webhooks", "insecure_targets"], message: "must be false in production" };
  }
  for (const [i, key] of list(webhooks?.sealing_keys)) {
    const isOneByte = key instanceof Secret && isSealingKey(key) && new Set(sealingKeyBytes(key)).size === 1;
    if (isOneByte) yield { path: ["webhooks", "sealing_keys", i], message: ONE_BYTE };
  }
}

/** Whoever reads on the way has the session; whoever knows the seed is every user. */
function* appTokens({ session }: GuardedSettings): Generator<Problem> {
  if (URL.parse(String(session?.issuer))?.protocol === "http:") {
    yield { path: ["session", "issuer"], message: "must be https:// in production" };
  }
  for (const [i, key] of list(session?.signing_keys)) {
    if (!(key?.seed instanceof Secret && isOneByteSeed(key.seed))) continue;
    yield { path: ["session", "signing_keys", i, "seed"], message: ONE_BYTE };
  }
}

function* trustedNetworks({ listen }: GuardedSettings): Generator<Problem> {
  for (const [i, cidr] of list(listen?.trusted_proxies)) {
    const [address = "", bits] = String(cidr).split("/");
    const prefix = Number(bits);
    const least = address.includes(":") ? MIN_PREFIX_IPV6 : MIN_PREFIX_IPV4;
    // An address alone has no prefix, and /0 is refused wherever the relay runs.
    if (!(prefix > 0 && prefix < least)) continue;
    const message = `must be /${least} or narrower in production: whoever is within can pretend to be any address`;
    yield { path: ["listen", "trusted_proxies", i], message };
  }
}

function* sharedState({ replicas, ledger, redis, rates }: GuardedSettings): Generator<Problem> {
  if (replicas === 1) return;
  if (textOf(ledger?.url)?.startsWith("sqlite:")) {
    const message = "must be postgres://… in production with several replicas: sqlite serves one process";
    yield { path: ["ledger", "url"], message };
  }
  if (redis === undefined) {
    const message = "is needed in production with several replicas: each would count rates for itself";
    yield { path: ["redis"], message };
  }
  const fraction = rates?.redis_down_fraction;
  if (typeof replicas === "number" && typeof fraction === "number" && fraction * replicas > 1) {
    const message =
      "must be at most 1 / replicas in production: together they would allow more without Redis";
    yield { path: ["rates", "redis_down_fraction"], message };
  }
}

function* secrets({ auth, audit, admin }: GuardedSettings): Generator<Problem> {
  if (auth?.api_key_peppers === undefined) yield { path: ["auth", "api_key_peppers"], message: NEEDED };
  for (const [i, pepper] of list(auth?.api_key_peppers)) {
    const path = ["auth", "api_key_peppers", i];
    if (isShort(pepper)) yield { path, message: TOO_SHORT };
    if (textOf(pepper)?.includes(DEVELOPMENT_PEPPER)) yield { path, message: KNOWN };
  }
  const seed = audit?.signing_seed;
  if (seed === undefined) yield { path: ["audit", "signing_seed"], message: NEEDED };
  if (seed instanceof Secret && isDevelopmentSeed(seed)) {
    yield { path: ["audit", "signing_seed"], message: KNOWN };
  }
  if (seed instanceof Secret && isOneByteSeed(seed)) {
    yield { path: ["audit", "signing_seed"], message: ONE_BYTE };
  }
  for (const [i, key] of list(admin?.keys)) {
    if (isShort(key?.secret)) yield { path: ["admin", "keys", i, "secret"], message: TOO_SHORT };
  }
}

const NEEDED = "is needed in production: the default is known to everybody";
const KNOWN = "is, or holds, the default of development, which is known to everybody";
const ONE_BYTE = "is one byte over and over: draw it at random";
const TOO_SHORT = `must have at least ${MIN_SECRET_BYTES} bytes in production`;

/** The items of a list with their places; none of what is no list. */
function list(value: unknown): [number, { url?: unknown; secret?: unknown; seed?: unknown } | undefined][] {
  return Array.isArray(value) ? [...value.entries()] : [];
}

/** False for what is no secret: then its reference is the problem. */
function isShort(secret: unknown): boolean {
  const text = textOf(secret);
  return text !== undefined && Buffer.byteLength(text) < MIN_SECRET_BYTES;
}

function textOf(secret: unknown): string | undefined {
  return secret instanceof Secret ? String(secret.reveal()) : undefined;
}
