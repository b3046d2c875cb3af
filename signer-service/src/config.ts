import {
  type Environment,
  LOG_LEVELS,
  type LoadedConfig,
  loadConfig,
  secretField,
} from "@countersign/service-kit";
import { z } from "zod";

/** Environment variables that override the file begin with this: SIGNER_LOG__LEVEL is log.level. */
const ENV_PREFIX = "SIGNER_";

const path = z.string().min(1).max(4096);

const tlsSchema = z.strictObject({ ca_file: path, cert_file: path, key_file: path });

/** Paths of PEM files: the authority of the clients, and the signer's own pair. */
export interface TlsFiles {
  caFile: string;
  certFile: string;
  keyFile: string;
}

/** Where the signer listens: a Unix socket, or TCP with mutual TLS. */
export type ListenConfig =
  | { kind: "unix"; path: string }
  | { kind: "tls"; host: string; port: number; tls: TlsFiles };

const listenSchema = z
  .strictObject({
    /** sockaddr_un holds 108 bytes on Linux and 104 elsewhere, the final zero included. */
    unix: path.max(103).startsWith("/", "must be an absolute path").optional(),
    host: z.string().min(1).max(255).optional(),
    port: z.int().min(0).max(65_535).optional(),
    tls: tlsSchema.optional(),
  })
  .transform(({ unix, host, port, tls }, context): ListenConfig => {
    const refuse = (message: string) => {
      context.addIssue({ code: "custom", message });
      return z.NEVER;
    };
    if (unix !== undefined) {
      return host === undefined && port === undefined && tls === undefined
        ? { kind: "unix", path: unix }
        : refuse("takes either unix, or host, port and tls");
    }
    if (host === undefined || port === undefined) return refuse("needs unix, or host, port and tls");
    if (tls === undefined) return refuse("needs tls: the signer does not listen on TCP without it");
    const files = { caFile: tls.ca_file, certFile: tls.cert_file, keyFile: tls.key_file };
    return { kind: "tls", host, port, tls: files };
  });

/** Fits 64 transactions of 196,608 bytes, the most that the contract takes in one call. */
const DEFAULT_REQUEST_MAX_BYTES = 13 * 1024 * 1024;

const limitsSchema = z.strictObject({
  request_max_bytes: z.int().min(1024).max(DEFAULT_REQUEST_MAX_BYTES).default(DEFAULT_REQUEST_MAX_BYTES),
  default_deadline_ms: z.int().min(1).max(600_000).default(10_000),
  max_deadline_ms: z.int().min(1).max(600_000).default(60_000),
  max_connections: z.int().min(1).max(65_535).default(256),
  drain_ms: z.int().min(0).max(600_000).default(10_000),
});

const configSchema = (env: Environment) =>
  z.strictObject({
    listen: listenSchema,
    keystore: z.strictObject({ file: path, passphrase: secretField(env) }),
    log: z.strictObject({ level: z.enum(LOG_LEVELS).default("info") }).prefault({}),
    limits: limitsSchema.prefault({}),
  });

/** The signer's configuration (docs/signer.example.yaml). Times in milliseconds, sizes in bytes. */
export type SignerConfig = z.output<ReturnType<typeof configSchema>>;

/** Reads a YAML file and the environment; throws a ConfigError with all problems. */
export function loadSignerConfig(file: string, env: Environment): LoadedConfig<SignerConfig> {
  return loadConfig(configSchema(env), { file, env, envPrefix: ENV_PREFIX });
}
