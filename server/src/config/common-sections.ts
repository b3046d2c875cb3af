import { type Environment, LOG_LEVELS, networksField, secretField } from "@countersign/service-kit";
import { z } from "zod";
import { isSeed } from "../signing-seed.ts";
import { adminSection } from "./admin-section.ts";
import { ledgerUrl } from "./ledger-url.ts";
import { ratesSection } from "./rates-section.ts";
import { redisUrl } from "./redis-url.ts";
import { sessionSection } from "./session-section.ts";
import type { Problem } from "./with-problems.ts";

const MAX_PORT = 65_535;

const port = z.int().min(0).max(MAX_PORT);
const ms = z.int().min(1).max(3_600_000);
const count = z.int().min(1).max(1_000_000);

const auditSeed = (env: Environment) => secretField(env).refine(isSeed, "must be 32 bytes, in hex or base64");

const origin = z
  .string()
  .refine(
    (s) => s !== "*" && /^https?:$/.test(URL.parse(s)?.protocol ?? "") && URL.parse(s)?.origin === s,
    'must be one explicit origin, for example "https://wallet.example"',
  );

/** The sections that every relay has, whatever it does for its callers. */
export const commonSections = (env: Environment) => ({
  listen: z
    .strictObject({
      host: z.string().min(1).default("127.0.0.1"),
      port: port.default(8080),
      trusted_proxies: networksField.default([]),
    })
    .prefault({}),
  operations: z
    .strictObject({ host: z.string().min(1).default("127.0.0.1"), port: port.default(9090) })
    .prefault({}),
  replicas: z.int().min(1).max(1000).default(1),
  ledger: z.strictObject({ url: ledgerUrl(env).prefault("sqlite:./data/relay.db") }).prefault({}),
  redis: z.strictObject({ url: redisUrl(env), timeout_ms: ms.default(250) }).optional(),
  cors: z
    .strictObject({ origins: z.array(origin).default([]), credentials: z.boolean().default(false) })
    .prefault({}),
  auth: z.strictObject({ api_key_peppers: z.array(secretField(env)).min(1).optional() }).prefault({}),
  rates: ratesSection,
  admin: adminSection(env).optional(),
  session: sessionSection(env).optional(),
  audit: z
    .strictObject({
      signing_seed: auditSeed(env).optional(),
      head_interval_s: z.int().min(1).max(86_400).default(60),
      retention_days: z.int().min(0).max(36_500).default(0),
    })
    .prefault({}),
  log: z.strictObject({ level: z.enum(LOG_LEVELS).default("info") }).prefault({}),
});

/** The fields of `limits` that every relay has. */
export const serverLimits = {
  default_deadline_ms: ms.default(10_000),
  max_deadline_ms: ms.default(60_000),
  read_max_bytes: z.int().min(1024).max(4_194_304).default(262_144),
  max_connections: count.default(4096),
  max_running_calls: count.default(4096),
};

interface Deadlines {
  readonly default_deadline_ms: number;
  readonly max_deadline_ms: number;
}

/** The check of `limits` that every relay has. */
export const deadlinesInOrder: [
  check: (limits: Deadlines) => boolean,
  problem: { path: string[]; message: string },
] = [
  (limits) => limits.default_deadline_ms <= limits.max_deadline_ms,
  { path: ["default_deadline_ms"], message: "must be at most max_deadline_ms" },
];

interface CommonlyChecked {
  readonly cors: { readonly credentials: boolean };
  readonly session?: { readonly cookies?: unknown } | undefined;
  readonly redis?: { readonly timeout_ms: number } | undefined;
  readonly limits: Deadlines;
}

/** What one of these sections says about another. */
export function* commonProblems({ cors, session, redis, limits }: CommonlyChecked): Generator<Problem> {
  if (session?.cookies !== undefined && !cors.credentials) {
    const message = "needs cors.credentials: browsers would keep every answer from the page";
    yield { path: ["session", "cookies"], message };
  }
  // A sign-in asks for its rates, half a second later perhaps for more of them, and for what was begun.
  if (redis !== undefined && 3 * redis.timeout_ms >= limits.default_deadline_ms) {
    const message =
      "must be less than a third of limits.default_deadline_ms: calls would be over before their waits";
    yield { path: ["redis", "timeout_ms"], message };
  }
}
