import { ConfigSecret, type Environment, isSecretReference, readSecret } from "@countersign/service-kit";
import { z } from "zod";

/**
 * A URL, or a reference to one. It may carry a password, so it is a secret in code. `shownUrl` says what may be shown
 * of it, and undefined of a text that is no such URL; `expected` tells what is taken.
 */
export function secretUrl(env: Environment, shownUrl: (url: string) => string | undefined, expected: string) {
  return z.string().transform((text, context) => {
    try {
      const given = isSecretReference(text) ? readSecret(text, env) : undefined;
      const url = given?.reveal() ?? text;
      const shown = shownUrl(url);
      if (shown !== undefined) return given ?? new ConfigSecret(url, shown);
      context.addIssue({ code: "custom", message: `must be ${expected}` });
    } catch (error) {
      context.addIssue({ code: "custom", message: (error as Error).message });
    }
    return z.NEVER;
  });
}

/** A URL of one of the protocols, without password and parameters; undefined for another text. */
export function withoutPassword(url: string, protocols: RegExp): string | undefined {
  const parsed = URL.parse(url);
  if (parsed === null || !protocols.test(parsed.protocol)) return undefined;
  const user = parsed.username === "" ? "" : `${parsed.username}@`;
  return `${parsed.protocol}//${user}${parsed.host}${parsed.pathname}`;
}
