import type { Environment } from "@countersign/service-kit";
import { secretUrl, withoutPassword } from "./secret-url.ts";

/**
 * "redis://…" or "rediss://…" (with TLS), or a reference to one. Without parameters: the client library would take
 * options from them.
 */
export function redisUrl(env: Environment) {
  const shown = (url: string) =>
    (URL.parse(url)?.search ?? "") === "" ? withoutPassword(url, /^rediss?:$/) : undefined;
  return secretUrl(env, shown, '"redis://…", "rediss://…" without parameters, or a reference to one');
}
