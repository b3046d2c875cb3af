import type { HeaderMap } from "./wallet-headers.ts";

/** Headers of the paths that a pattern names: "/acme/*" for all below "/acme/". */
export interface HeaderRule {
  readonly path: string;
  readonly headers: HeaderMap;
}

/** A "*" stands behind a "/": "/acme*" would be "/acme-of-others/", too. */
const PATH = /^\/(?:[A-Za-z\d._~/-]*|(?:[A-Za-z\d._~/-]*\/)?\*)$/;

/** The text of `_headers`, for Netlify and Cloudflare Pages. Where several rules match, those hosts send all: let none overlap. */
export function headersFile(rules: readonly HeaderRule[]): string {
  return rules
    .map(({ path, headers }) => {
      const lines = Object.entries(headers).map(([name, value]) => `  ${name}: ${value}`);
      return [checked(path), ...lines, ""].join("\n");
    })
    .join("\n");
}

/** One rule as Vercel and Next have it. */
export interface SourceRule {
  readonly source: string;
  readonly headers: { readonly key: string; readonly value: string }[];
}

/** What `headers` is in vercel.json. */
export function vercelHeaders(rules: readonly HeaderRule[]): SourceRule[] {
  return rules.map((rule) => sourceRule(rule, "(.*)"));
}

/** What `headers()` gives in next.config. */
export function nextHeaders(rules: readonly HeaderRule[]): SourceRule[] {
  return rules.map((rule) => sourceRule(rule, ":path*"));
}

/** `location` blocks of nginx, with nothing in them but the headers. They take no `add_header` of the levels above. */
export function nginxHeaders(rules: readonly HeaderRule[]): string {
  return rules
    .map(({ path, headers }) => {
      const isExact = !checked(path).endsWith("*");
      const lines = Object.entries(headers).map(
        ([name, value]) => `  add_header ${name} "${value.replaceAll('"', '\\"')}" always;`,
      );
      return [`location ${isExact ? "= " : ""}${path.replace("*", "")} {`, ...lines, "}", ""].join("\n");
    })
    .join("\n");
}

function sourceRule({ path, headers }: HeaderRule, rest: string): SourceRule {
  const source = checked(path).replace("*", rest);
  return { source, headers: Object.entries(headers).map(([key, value]) => ({ key, value })) };
}

function checked(path: string): string {
  if (!PATH.test(path))
    throw new TypeError(`not a path, with at most a "/*" at its end: ${JSON.stringify(path)}`);
  return path;
}
