import {
  ConfigSecret,
  type Environment,
  isSecretReference,
  readSecret,
  type Secret,
} from "@countersign/service-kit";
import { sqlitePath } from "@countersign/sql";
import { z } from "zod";

/** Where the signer keeps its journal, and how it tells that it is still the same one. */
export interface StoreConfig {
  /** `sqlite:PATH` or `postgres://…`. */
  readonly url: Secret<string>;
  /** Beside a SQLite store; null for its path with ".incarnation" at the end. */
  readonly incarnationFile: string | null;
  /** PostgreSQL commits on a standby before it answers, and only such a standby is promoted. */
  readonly synchronousStandby: boolean;
}

/** `sqlite:PATH`, or a reference to a URL of PostgreSQL: that one has a password. */
const storeUrl = (env: Environment) =>
  z.string().transform((text, context): Secret<string> => {
    if (sqlitePath(text) !== undefined) return new ConfigSecret(text, text);
    const refuse = (message: string) => {
      context.addIssue({ code: "custom", message });
      return z.NEVER;
    };
    if (!isSecretReference(text)) return refuse('must be "sqlite:PATH" or a reference to "postgres://…"');
    try {
      const url = readSecret(text, env);
      return /^postgres(ql)?:\/\//.test(url.reveal()) ? url : refuse(`${text} is no "postgres://…"`);
    } catch (error) {
      return refuse((error as Error).message);
    }
  });

/** The section `store` of the configuration. */
export const storeSchema = (env: Environment) =>
  z
    .strictObject({
      url: storeUrl(env),
      incarnation_file: z.string().min(1).max(4096).optional(),
      synchronous_standby: z.boolean().optional(),
    })
    .transform(({ url, incarnation_file, synchronous_standby }, context): StoreConfig => {
      const isFile = sqlitePath(url.reveal()) !== undefined;
      const refuse = (field: string, message: string) =>
        context.addIssue({ code: "custom", path: [field], message });
      if (!isFile && incarnation_file !== undefined) refuse("incarnation_file", "is for SQLite only");
      if (isFile && synchronous_standby !== undefined)
        refuse("synchronous_standby", "is for PostgreSQL only");
      return {
        url,
        incarnationFile: incarnation_file ?? null,
        synchronousStandby: synchronous_standby ?? false,
      };
    });
