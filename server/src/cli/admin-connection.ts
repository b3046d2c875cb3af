import { readFileSync } from "node:fs";
import { connect } from "node:net";
import type { DescService } from "@bufbuild/protobuf";
import { type Client, createClient, type Interceptor } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { isSecretReference, readSecret, Secret } from "@countersign/service-kit";
import type { Command } from "commander";
import { isOnLoopback } from "../config/loopback.ts";
import { UsageError } from "./usage-error.ts";

/** How every command over the admin services is told where they are and who calls. */
export interface AdminOptions {
  adminUrl?: string;
  key?: string;
  ca?: string;
  cert?: string;
  keyFile?: string;
  json?: true;
}

/** Longest that a call may take, in milliseconds; exports are given their own. */
const TIMEOUT_MS = 30_000;
/** Largest answer, in bytes: a list of all keys or of a thousand groups. */
const READ_MAX_BYTES = 64 * 1024 * 1024;

export function withAdminOptions(command: Command): Command {
  return command
    .option("--admin-url <url>", "the admin port: http(s)://… or unix:/path (COUNTERSIGN_ADMIN_URL)")
    .option("--key <reference>", "env:NAME or file:PATH of the admin key (COUNTERSIGN_ADMIN_KEY)")
    .option("--ca <file>", "authority of the relay's certificate (PEM)")
    .option("--cert <file>", "certificate of the caller (PEM)")
    .option("--key-file <file>", "private key of the caller's certificate (PEM)")
    .option("--json", "print JSON");
}

/** A client of an admin service. Throws UsageError when the options do not say where it is. */
export function adminClient<S extends DescService>(service: S, options: AdminOptions): Client<S> {
  const url = options.adminUrl ?? process.env.COUNTERSIGN_ADMIN_URL;
  if (url === undefined) {
    throw new UsageError("--admin-url or COUNTERSIGN_ADMIN_URL must name the admin port");
  }
  const key = adminKey(options.key);
  const common = {
    readMaxBytes: READ_MAX_BYTES,
    defaultTimeoutMs: TIMEOUT_MS,
    interceptors: key === undefined ? [] : [presenting(key)],
  };
  if (url.startsWith("unix:/")) {
    const path = url.slice("unix:".length);
    const nodeOptions = { createConnection: () => connect(path) };
    return createClient(service, createGrpcTransport({ ...common, baseUrl: "http://admin", nodeOptions }));
  }
  const parsed = URL.parse(url);
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) {
    throw new UsageError("the admin port's URL must be http://…, https://… or unix:/path");
  }
  if (key !== undefined && parsed.protocol === "http:" && !isOnLoopback(parsed)) {
    throw new UsageError("the admin key would travel in plain text: the admin port's URL must be https://");
  }
  return createClient(service, createGrpcTransport({ ...common, baseUrl: url, nodeOptions: tlsOf(options) }));
}

function tlsOf({ ca, cert, keyFile }: AdminOptions) {
  if ((cert === undefined) !== (keyFile === undefined)) {
    throw new UsageError("--cert and --key-file go together");
  }
  return {
    ...(ca === undefined ? {} : { ca: readFileSync(ca) }),
    ...(cert === undefined || keyFile === undefined
      ? {}
      : { cert: readFileSync(cert), key: readFileSync(keyFile) }),
  };
}

/** The option is a reference, since others see arguments; the variable is one, or the key itself. */
function adminKey(option: string | undefined): Secret<string> | undefined {
  if (option !== undefined) return referredKey("--key", option);
  const variable = process.env.COUNTERSIGN_ADMIN_KEY;
  if (variable === undefined || variable === "") return undefined;
  return isSecretReference(variable)
    ? referredKey("COUNTERSIGN_ADMIN_KEY", variable)
    : headerSafe("COUNTERSIGN_ADMIN_KEY", new Secret(variable));
}

function referredKey(source: string, reference: string): Secret<string> {
  let key: Secret<string>;
  try {
    key = readSecret(reference, process.env);
  } catch (error) {
    throw new UsageError(`${source}: ${(error as Error).message}`);
  }
  return headerSafe(source, key);
}

/** Checked here, because the errors of HTTP clients repeat a header's value that they refuse. */
function headerSafe(source: string, key: Secret<string>): Secret<string> {
  if (/^[\x21-\x7e]+$/.test(key.reveal())) return key;
  throw new UsageError(`${source}: an admin key is printable ASCII in one line, without spaces`);
}

function presenting(key: Secret<string>): Interceptor {
  return (next) => (request) => {
    request.header.set("authorization", `Bearer ${key.reveal()}`);
    return next(request);
  };
}
