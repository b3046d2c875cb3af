import type { Environment } from "@countersign/service-kit";
import { secretUrl, withoutPassword } from "./secret-url.ts";

/** "sqlite:PATH" or "postgres://…", or a reference to one. */
export function ledgerUrl(env: Environment) {
  const shown = (url: string) => (/^sqlite:./.test(url) ? url : withoutPassword(url, /^postgres(ql)?:$/));
  return secretUrl(env, shown, '"sqlite:PATH", "postgres://…" or a reference to one');
}
