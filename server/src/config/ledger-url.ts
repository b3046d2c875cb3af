import { ConfigSecret, type Environment, isSecretReference, readSecret } from "@countersign/service-kit";
import { z } from "zod";

/**
 * "sqlite:PATH" or "postgres://…", or a reference to one. A PostgreSQL URL may carry a password, so it is a secret
 * in code, and shown without password and parameters.
 */
export function ledgerUrl(env: Environment) {
  return z.string().transform((text, context) => {
    try {
      const given = isSecretReference(text) ? readSecret(text, env) : undefined;
      const url = given?.reveal() ?? text;
      const shown = shownUrl(url);
      if (shown !== undefined) return given ?? new ConfigSecret(url, shown);
      context.addIssue({
        code: "custom",
        message: 'must be "sqlite:PATH", "postgres://…" or a reference to one',
      });
    } catch (error) {
      context.addIssue({ code: "custom", message: (error as Error).message });
    }
    return z.NEVER;
  });
}

/** What may be shown of a ledger's URL; undefined when it is none. */
function shownUrl(url: string): string | undefined {
  if (/^sqlite:./.test(url)) return url;
  const parsed = URL.parse(url);
  if (parsed === null || !/^postgres(ql)?:$/.test(parsed.protocol)) return undefined;
  const user = parsed.username === "" ? "" : `${parsed.username}@`;
  return `${parsed.protocol}//${user}${parsed.host}${parsed.pathname}`;
}
