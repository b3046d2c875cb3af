import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const ISOLATE = join(import.meta.dirname, "../../../signer-service/src/isolation/isolate.ts");

/** Isolates a process of its own, which then says what it still may do. */
async function isolated(options: { runAs: unknown; isProduction: boolean }, forbidden: string) {
  const script = `
    import { readFileSync, writeFileSync } from "node:fs";
    import { isolate } from ${JSON.stringify(ISOLATE)};
    const warnings = [];
    const log = { warn: (...parts) => warnings.push(parts.at(-1)) };
    await isolate({ ...${JSON.stringify(options)}, coreDumps: "off", log });
    const tried = (action) => { try { action(); return "allowed"; } catch (error) { return error.code; } };
    console.log(JSON.stringify({
      uid: process.getuid(), gid: process.getgid(), groups: process.getgroups(), warnings,
      core: /^Max core file size +(\\S+) +(\\S+)/m.exec(readFileSync("/proc/self/limits", "utf8")).slice(1),
      root: tried(() => process.setuid(0)),
      write: tried(() => writeFileSync(${JSON.stringify(join(forbidden, "file"))}, "x")),
      umask: process.umask(),
    }));`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script]);
  return JSON.parse(stdout);
}

const isLinux = process.platform === "linux";
const isRoot = process.geteuid?.() === 0;

/** A folder of root's that others may read and not write. */
function rootsFolder(): string {
  const folder = join(temporaryDirectory(), "readable");
  mkdirSync(folder);
  chmodSync(folder, 0o755);
  return folder;
}

describe.runIf(isLinux)("an isolated process", () => {
  it("leaves no core dump, be it a file or a pipe, and makes files that only its user can read", async () => {
    const { core, umask } = await isolated({ runAs: null, isProduction: false }, rootsFolder());
    // The limit of 0 does for files, and not for a pipe.
    const isPiped = readFileSync("/proc/sys/kernel/core_pattern", "utf8").startsWith("|");
    for (const limit of core) expect(isPiped ? ["1"] : ["0", "1"]).toContain(limit);
    expect(umask).toBe(0o077);
  });

  it.runIf(isRoot)("has left root for good, and writes to no folder that is not its user's", async () => {
    const runAs = { user: "nobody", group: "nogroup" };
    const state = await isolated({ runAs, isProduction: true }, rootsFolder());
    expect(state.uid).not.toBe(0);
    expect([state.gid, ...state.groups]).not.toContain(0);
    expect(state).toMatchObject({ root: "EPERM", write: "EACCES", warnings: [] });
  });

  it.runIf(isRoot)("does not run as root in production, and says so elsewhere", async () => {
    await expect(isolated({ runAs: null, isProduction: true }, "/")).rejects.toThrow("does not run as root");
    const { uid, warnings } = await isolated({ runAs: null, isProduction: false }, rootsFolder());
    expect(uid).toBe(0);
    expect(warnings).toEqual([expect.stringContaining("running as root")]);
  });
});
