import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { verifyAuditFile } from "@countersign/server/audit/verify-file.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KEY } from "./support/exports.ts";
import { logOfThirty } from "./support/log-of-thirty.ts";

const folder = mkdtempSync(join(tmpdir(), "countersign-audit-"));
const file = join(folder, "export.jsonl");
let lines: string[];
beforeAll(async () => {
  lines = await logOfThirty("acme");
});
afterAll(() => rmSync(folder, { recursive: true }));

function verify(content: string | Uint8Array) {
  writeFileSync(file, content);
  return verifyAuditFile(file, KEY.publicKey);
}

describe("a file", () => {
  it("that holds an export verifies", async () => {
    expect(await verify(lines.join(""))).toMatchObject({ ok: true, entries: 30n });
  });

  it("with other line ends, or none at its end, does not", async () => {
    const text = lines.join("");
    expect(await verify(text.replaceAll("\n", "\r\n"))).toMatchObject({ ok: false, line: 1 });
    expect(await verify(text.replaceAll("\n", "\r"))).toMatchObject({ ok: false, line: 1 });
    expect(await verify(text.slice(0, -1))).toMatchObject({ ok: false, line: lines.length });
    expect(await verify(text.replace("\n", "\n\n"))).toMatchObject({ ok: false, line: 2, sequence: 1n });
    expect(await verify(`\ufeff${text}`)).toMatchObject({ ok: false, line: 1 });
    expect(await verify(Buffer.from(text, "utf16le"))).toMatchObject({ ok: false, line: 1 });
  });

  it("with bytes that are not UTF-8 does not, even where they read as what was written", async () => {
    const replaced = Buffer.from("\ufffd");
    for (const bad of [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80]]) {
      const text = Buffer.from(lines.join(""));
      const at = text.indexOf("東");
      const altered = Buffer.concat([text.subarray(0, at), Buffer.from(bad), text.subarray(at + 3)]);
      expect(altered.toString()).toContain(replaced.toString());
      const found = await verify(altered);
      expect(found).toMatchObject({ ok: false, line: 3, sequence: 2n });
    }
  });

  it("that is empty, or no export at all, does not", async () => {
    expect(await verify("")).toMatchObject({ ok: false, line: 1 });
    expect(await verify(Buffer.alloc(100))).toMatchObject({ ok: false, line: 1 });
    expect(await verify(`${"[".repeat(60_000)}\n`)).toMatchObject({ ok: false, line: 1 });
  });

  it("that is not there cannot be verified", async () => {
    await expect(verifyAuditFile(join(folder, "none"))).rejects.toThrow("ENOENT");
    await expect(verifyAuditFile(folder)).rejects.toThrow("EISDIR");
  });

  it("that is one line of 100 MB is given up without being read into memory", async () => {
    writeFileSync(file, lines[0] ?? "");
    const handle = await open(file, "r+");
    // A hole: nothing is written for it.
    await handle.truncate(100_000_000);
    await handle.close();
    const before = process.memoryUsage();
    let most = 0;
    const watching = setInterval(() => {
      const { arrayBuffers, heapUsed } = process.memoryUsage();
      most = Math.max(most, arrayBuffers + heapUsed - before.arrayBuffers - before.heapUsed);
    }, 1);
    const found = await verifyAuditFile(file, KEY.publicKey);
    clearInterval(watching);
    expect(found).toMatchObject({ ok: false, line: 2, sequence: 1n });
    expect(most).toBeLessThan(50_000_000);
  });
});
