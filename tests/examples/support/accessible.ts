import { readFile } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import type { Frame, Page } from "playwright-core";

/** Runs in pages, so it is text here. */
const SOURCE = await readFile(join(import.meta.dirname, "../page/find-barriers.ts"), "utf8");
const SCRIPT = stripTypeScriptTypes(SOURCE).replace("export function", "function");

/** What keeps people from using the page as it is now, found by hand-written checks; empty when nothing does. */
export function barriers(of: Page | Frame): Promise<string[]> {
  return of.evaluate<string[]>(`(() => { ${SCRIPT}\n return findBarriers(); })()`);
}
