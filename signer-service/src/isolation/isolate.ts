import type { Logger } from "@countersign/service-kit";
import { turnCoreDumpsOff } from "./core-dumps.ts";
import { dropPrivileges, type RunAs } from "./privileges.ts";

export interface IsolationOptions {
  /** Null: as whoever has started the process. */
  readonly runAs: RunAs | null;
  readonly coreDumps: "off" | "allowed";
  /** NODE_ENV=production: what cannot be had ends the start; else it is a warning. */
  readonly isProduction: boolean;
  readonly log: Logger;
}

/** New files and folders are the signer's own. */
const OWNER_ONLY = 0o077;

/**
 * Makes this process one that keeps secrets: no core dumps, no root, and files that only its user can read. To be
 * called before any key is unlocked. Throws an Error that tells the operator what to do.
 */
export async function isolate({ runAs, coreDumps, isProduction, log }: IsolationOptions): Promise<void> {
  process.umask(OWNER_ONLY);
  if (coreDumps === "off") {
    const problem = await turnCoreDumpsOff();
    if (problem !== null && isProduction) throw new Error(`${problem}; or process.core_dumps: allowed`);
    if (problem !== null) log.warn({ problem }, "a crash may leave secrets in a core dump");
  }
  const isRoot = process.geteuid?.() === 0;
  if (isRoot && runAs === null && !isProduction) {
    log.warn("running as root: name process.user and process.group");
    return;
  }
  dropPrivileges(runAs, process);
}
