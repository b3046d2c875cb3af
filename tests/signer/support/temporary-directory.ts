import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** A directory (mode 0700) that goes away when the test ends. The path is short: it may hold a Unix socket. */
export function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), "signer-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
