import { type Environment, LOG_LEVELS, type LoadedConfig, loadConfig } from "@countersign/service-kit";
import { z } from "zod";
import { authProblems, authSchema, networkSchema } from "./access/access-schema.ts";
import { adminSchema } from "./admin/admin-schema.ts";
import { backendsSchema } from "./backends/backends-schema.ts";
import { callerCredentialsSection } from "./grants/caller-credentials-section.ts";
import { adminKeysSection, findSharedKey, grantsSection } from "./grants/grants-section.ts";
import { processSchema } from "./isolation/process-schema.ts";
import { keysSchema } from "./keys/keys-schema.ts";
import { listenSchema } from "./listening/listen-schema.ts";
import { lockSchema } from "./lock/lock-schema.ts";
import { operationsSchema } from "./operations/operations-schema.ts";
import { policiesSection } from "./policy/policy-schema.ts";
import { storeSchema } from "./store/store-schema.ts";
import { sealingPlaceProblems } from "./threshold/master-secrets/sealing-place-problems.ts";
import { thresholdSchema } from "./threshold/threshold-schema.ts";

/** Environment variables that override the file begin with this: SIGNER_LOG__LEVEL is log.level. */
const ENV_PREFIX = "SIGNER_";

const MIB = 1024 * 1024;

/** Fits 64 transactions of 196,608 bytes, the most that the contract takes in one call. */
const DEFAULT_REQUEST_MAX_BYTES = 13 * MIB;

/** Of the largest requests, how many must find room at once: each takes twice its size if it is compressed. */
const MIN_LARGEST_REQUESTS = 4;

const limitsSchema = z
  .strictObject({
    request_max_bytes: z.int().min(1024).max(DEFAULT_REQUEST_MAX_BYTES).default(DEFAULT_REQUEST_MAX_BYTES),
    bodies_max_bytes: z
      .int()
      .min(MIB)
      .max(65_536 * MIB)
      .default(128 * MIB),
    default_deadline_ms: z.int().min(1).max(600_000).default(10_000),
    max_deadline_ms: z.int().min(1).max(600_000).default(60_000),
    max_connections: z.int().min(1).max(65_535).default(256),
    drain_ms: z.int().min(0).max(600_000).default(10_000),
  })
  .refine((l) => l.bodies_max_bytes >= MIN_LARGEST_REQUESTS * l.request_max_bytes, {
    path: ["bodies_max_bytes"],
    message: `must be at least ${MIN_LARGEST_REQUESTS} times request_max_bytes`,
  });

/** A name that grants, signed requests and admin grants address the signer by. */
const audience = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, "must be letters, digits, '.', '_' or '-', at most 128");

const sections = (env: Environment) =>
  z.strictObject({
    audience,
    listen: listenSchema,
    admin: adminSchema(listenSchema).optional(),
    operations: operationsSchema,
    auth: authSchema(env).prefault({}),
    network: networkSchema.prefault({}),
    store: storeSchema(env),
    backends: backendsSchema(env),
    keys: keysSchema,
    policies: policiesSection,
    grants: grantsSection,
    caller_credentials: callerCredentialsSection,
    admin_keys: adminKeysSection,
    threshold: thresholdSchema(env).optional(),
    lock: lockSchema(env).optional(),
    process: processSchema,
    log: z.strictObject({ level: z.enum(LOG_LEVELS).default("info") }).prefault({}),
    limits: limitsSchema.prefault({}),
  });

/** What no section can know of itself. */
function* problemsOf(
  config: z.output<ReturnType<typeof sections>>,
): Generator<{ path: (string | number)[]; message: string }> {
  yield* authProblems(config.listen.kind, config.auth);
  yield* sealingPlaceProblems(config.threshold, config.backends);
  if (config.backends.length === 0 && config.lock === undefined) {
    yield {
      path: ["backends"],
      message: "is needed: without any, and without lock, the signer holds nothing",
    };
  }
  if (config.caller_credentials !== undefined && !config.grants.required) {
    const message = "needs grants.required: a grant says whose caller it is";
    yield { path: ["caller_credentials"], message };
  }
  const shared = findSharedKey(config.grants, config.admin_keys);
  if (shared !== null) {
    yield {
      path: ["admin_keys"],
      message: `admin key ${shared} is a grant key too: a relay must hold no admin key`,
    };
  }
}

/** A refinement would see sections that have a problem of their own too, as they stand before they are read. */
const configSchema = (env: Environment) =>
  sections(env).transform((config, context) => {
    for (const { path, message } of problemsOf(config)) context.addIssue({ code: "custom", path, message });
    return config;
  });

/** The signer's configuration (docs/signer.example.yaml). Times in milliseconds, sizes in bytes. */
export type SignerConfig = z.output<ReturnType<typeof configSchema>>;

/** Reads a YAML file and the environment; throws a ConfigError with all problems. */
export function loadSignerConfig(file: string, env: Environment): LoadedConfig<SignerConfig> {
  return loadConfig(configSchema(env), { file, env, envPrefix: ENV_PREFIX });
}
