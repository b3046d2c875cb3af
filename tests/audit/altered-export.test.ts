import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AuditKeeper } from "@countersign/server/audit/audit-keeper.ts";
import { AuditKey } from "@countersign/server/audit/audit-key.ts";
import { exportAudit } from "@countersign/server/audit/export.ts";
import { verifyAuditFile } from "@countersign/server/audit/verify-file.ts";
import type { Ledger } from "@countersign/server/ledger/ledger.ts";
import { Secret } from "@countersign/service-kit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sqliteHome } from "../ledger/engines.ts";

const ENTRIES = 30;
const DAY_MS = 86_400_000;
const key = AuditKey.fromSeed(new Secret("5".repeat(64)));
const home = sqliteHome();
const folder = mkdtempSync(join(tmpdir(), "countersign-audit-"));
const file = join(folder, "export.jsonl");

let ledger: Ledger;
let keeper: AuditKeeper;
let time = Date.UTC(2026, 0, 1);
const now = () => new Date(time);
/** The lines of acme's export, with their line feeds. */
let lines: string[];

beforeAll(async () => {
  ledger = await home.open();
  const failed = (error: unknown) => expect.unreachable(String(error));
  keeper = new AuditKeeper({ store: ledger, key, now, retentionDays: 30, onFailed: failed });
  await record("acme", 0, ENTRIES / 2);
  await keeper.chainNow();
  await keeper.signHeads();
  await record("acme", ENTRIES / 2, ENTRIES);
  await record("other", 0, ENTRIES);
  lines = await exported("acme", 0n);
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await home.remove();
});

async function record(tenant: string, from: number, to: number): Promise<void> {
  const events = Array.from({ length: to - from }, (_, i) => ({
    tenant,
    kind: "call.denied",
    actor: `key:é"\\${from + i}`,
    at: now(),
    detail: { n: from + i, text: "\u2028\u0000\uFFFD😀" },
  }));
  await ledger.appendAudit(events);
}

async function exported(tenant: string, from: bigint): Promise<string[]> {
  return exportedBy(key, tenant, from);
}

async function exportedBy(signer: AuditKey, tenant: string, from: bigint): Promise<string[]> {
  const found: string[] = [];
  const options = { store: ledger, keeper, key: signer, now };
  for await (const line of exportAudit(options, tenant, from)) found.push(line);
  return found;
}

function verify(content: string | Uint8Array, publicKey?: string) {
  writeFileSync(file, content);
  return verifyAuditFile(file, publicKey);
}

const swapped = (i: number) => lines.toSpliced(i, 2, lines[i + 1] ?? "", lines[i] ?? "");

describe("an export", () => {
  it("verifies, and says whether the key was given", async () => {
    const facts = { ok: true, tenant: "acme", first: 1n, last: BigInt(ENTRIES), signedHeads: 1 };
    expect(lines).toHaveLength(ENTRIES + 3);
    expect(await verify(lines.join(""))).toMatchObject({ ...facts, pinned: false });
    expect(await verify(lines.join(""), key.publicKey)).toMatchObject({ ...facts, pinned: true });
  });

  it("fails at the line of any byte that is flipped", { timeout: 300_000 }, async () => {
    let at = 0;
    for (const [index, line] of lines.entries()) {
      for (let i = 0; i < Buffer.byteLength(line); i++, at++) {
        const bytes = Buffer.from(lines.join(""));
        bytes[at] = (bytes[at] ?? 0) ^ (1 << (at % 8));
        const found = await verify(bytes);
        expect(found, `byte ${at}`).toMatchObject({ ok: false, line: index + 1 });
      }
    }
  });

  it.each([
    ["deleted", (i: number) => lines.toSpliced(i, 1)],
    ["repeated", (i: number) => lines.toSpliced(i, 0, lines[i] ?? "")],
  ])("fails when any line is %s", async (_, alter) => {
    for (const i of lines.keys()) {
      expect(await verify(alter(i).join("")), `line ${i + 1}`).toMatchObject({ ok: false });
    }
  });

  it("fails when any two lines that follow each other are swapped", async () => {
    for (const i of lines.keys()) {
      if (i + 1 < lines.length) {
        expect(await verify(swapped(i).join("")), `line ${i + 1}`).toMatchObject({ ok: false });
      }
    }
  });

  it("fails when it is cut off, at any line and before its last line feed", async () => {
    for (const i of lines.keys()) {
      expect(await verify(lines.slice(0, i).join("")), `${i} lines`).toMatchObject({ ok: false });
    }
    expect(await verify(lines.join("").slice(0, -1))).toMatchObject({ ok: false });
    expect(await verify(`${lines.join("")}\n`)).toMatchObject({ ok: false, line: lines.length + 1 });
  });

  it("fails with an entry of another tenant, at that entry", async () => {
    const foreign = await exported("other", 0n);
    const at = lines.findIndex((line) => line.includes('"sequence":"5"'));
    const entry = foreign.find((line) => line.includes('"sequence":"5"')) ?? "";
    const found = await verify(lines.with(at, entry).join(""));
    expect(found).toMatchObject({ ok: false, line: at + 1, sequence: 5n });
  });

  it("fails when another key signed it than the one that was given", async () => {
    const forger = AuditKey.fromSeed(new Secret("6".repeat(64)));
    const forged = await exportedBy(forger, "acme", 0n);
    expect(await verify(forged.join(""), key.publicKey)).toMatchObject({ ok: false, line: 1 });
  });

  it("verifies after retention, from the checkpoint on", async () => {
    time += 31 * DAY_MS;
    await keeper.prune();
    const kept = await exported("acme", 0n);
    const found = await verify(kept.join(""), key.publicKey);
    expect(found).toMatchObject({ ok: true, first: BigInt(ENTRIES / 2 + 1), last: BigInt(ENTRIES) });
  });
});
