import type { CamelKeys } from "@countersign/server/config/camel-keys.ts";
import {
  commonProblems,
  commonSections,
  deadlinesInOrder,
  serverLimits,
} from "@countersign/server/config/common-sections.ts";
import { nearProblems } from "@countersign/server/config/lock-relay-schema.ts";
import { isOnLoopback } from "@countersign/server/config/loopback.ts";
import { nearFields } from "@countersign/server/config/near-section.ts";
import { productionProblems } from "@countersign/server/config/production-rules.ts";
import { type Problem, withProblems } from "@countersign/server/config/with-problems.ts";
import { type Environment, Secret, secretField } from "@countersign/service-kit";
import { z } from "zod";
import { pausesField, tenantsField } from "./tenants.ts";

/** 32 bytes: AES-256. */
const SEALING_KEY = /^[0-9a-f]{64}$/i;
const MIN_OPERATOR_SECRET_CHARS = 32;

const sealingKey = (env: Environment) =>
  secretField(env)
    .refine((key) => SEALING_KEY.test(key.reveal()), "must be 32 bytes as 64 hexadecimal digits")
    .transform((key) => new Secret(Uint8Array.from(Buffer.from(key.reveal(), "hex"))));

const operator = (env: Environment) =>
  z.strictObject({
    name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'must be lower-case letters, digits and "-"'),
    secret: secretField(env).refine(
      (secret) => secret.reveal().length >= MIN_OPERATOR_SECRET_CHARS,
      `must have at least ${MIN_OPERATOR_SECRET_CHARS} characters`,
    ),
  });

const upstream = z.string().refine((text) => {
  const url = URL.parse(text);
  return (
    url?.origin === text && (url.protocol === "https:" || (url.protocol === "http:" && isOnLoopback(url)))
  );
}, "must be an origin: https, or http on loopback");

/** The configuration of a relay at the edge. Its sections are those of other relays, as far as they are of use there. */
export function edgeSchema(env: Environment) {
  const { cors, rates, session, log } = commonSections(env);
  const { default_deadline_ms, max_deadline_ms, read_max_bytes } = serverLimits;
  return withProblems(
    z.strictObject({
      ...{ cors, rates, session, log },
      tenants: tenantsField,
      pauses: pausesField,
      near: z.strictObject(nearFields(env)).optional(),
      limits: z
        .strictObject({ default_deadline_ms, max_deadline_ms, read_max_bytes })
        .prefault({})
        .refine(...deadlinesInOrder),
      // The first seals, both open.
      lock: z.strictObject({ sealing_keys: z.array(sealingKey(env)).min(1).max(2) }).optional(),
      operators: z.array(operator(env)).default([]),
      upstream: upstream.optional(),
    }),
    env,
    (config) => [...commonProblems(config), ...nearProblems(config), ...repeatedSecrets(config)],
    function* ({ session: section, near, lock, upstream: origin }) {
      const served = [...productionProblems({ session: section, near, replicas: 1 })];
      yield* served.filter(({ path: [first] }) => first === "session" || first === "near");
      yield* edgeProductionProblems({ lock, upstream: origin });
    },
  );
}

export type EdgeSections = CamelKeys<z.output<ReturnType<typeof edgeSchema>>>;

interface KeyHolders {
  readonly lock?: { readonly sealing_keys: readonly Secret<Uint8Array>[] } | undefined;
  readonly operators: readonly { readonly name: string; readonly secret: Secret<string> }[];
}

/** An old sealing key that is the new one exchanges nothing, and the log tells operators by their names. */
function* repeatedSecrets({ lock, operators }: KeyHolders): Generator<Problem> {
  const keys = lock?.sealing_keys.map((key) => Buffer.from(key.reveal()).toString("hex")) ?? [];
  for (const i of repeated(keys)) {
    yield { path: ["lock", "sealing_keys", i], message: "is the same as the first: name each key once" };
  }
  for (const i of repeated(operators.map(({ name }) => name))) {
    yield { path: ["operators", i, "name"], message: "is another operator's name" };
  }
  for (const i of repeated(operators.map(({ secret }) => secret.reveal()))) {
    yield { path: ["operators", i, "secret"], message: "is another operator's secret" };
  }
}

/** The places of values that stand before, too. */
function repeated(values: readonly string[]): number[] {
  return [...values.keys()].filter((i) => values.indexOf(values[i] ?? "") < i);
}

interface EdgeGuarded {
  readonly lock?: { readonly sealing_keys?: unknown } | undefined;
  readonly upstream?: unknown;
}

/** What production refuses of the sections that are the edge's own; anything may stand in them. */
function* edgeProductionProblems({ lock, upstream: origin }: EdgeGuarded): Generator<Problem> {
  const keys: readonly unknown[] = Array.isArray(lock?.sealing_keys) ? lock.sealing_keys : [];
  for (const [i, key] of keys.entries()) {
    const bytes = key instanceof Secret ? key.reveal() : undefined;
    if (!(bytes instanceof Uint8Array) || new Set(bytes).size > 1) continue;
    yield { path: ["lock", "sealing_keys", i], message: "is one byte over and over: draw it at random" };
  }
  if (URL.parse(String(origin))?.protocol === "http:") {
    yield { path: ["upstream"], message: "must be https:// in production" };
  }
}
