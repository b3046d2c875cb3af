import { applicationHeaders, type HeaderMap, walletHeaders } from "@countersign/web/headers";

/** What the wallet's page is served with. Its own server has its configuration, and stands before what pages may not ask. */
export function walletPageHeaders(of: {
  readonly origin: string;
  readonly applications: readonly string[];
  readonly relays: readonly string[];
  readonly evmUrl: string | undefined;
}): HeaderMap {
  const { origin, applications, relays, evmUrl } = of;
  const rpcs = evmUrl === undefined ? [origin] : [origin, evmUrl];
  const headers = walletHeaders({ allowedOrigins: applications, relays, rpcs, isolate: true });
  return withPolicy(headers, "require-trusted-types-for 'script'; trusted-types default");
}

/** What the application's page is served with: the wallet may be framed, and nothing else is not its own. */
export function applicationPageHeaders(walletOrigin: string, evmUrl: string | undefined): HeaderMap {
  const connect = evmUrl === undefined ? "'self'" : `'self' ${evmUrl}`;
  const own = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    `connect-src ${connect}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ];
  return withPolicy(applicationHeaders({ walletOrigin }), own.join("; "));
}

function withPolicy(headers: HeaderMap, more: string): HeaderMap {
  const { "Content-Security-Policy": policy, ...rest } = headers;
  return { ...rest, "Content-Security-Policy": `${policy}; ${more}` };
}
