import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { entryBytes, NO_HASH } from "@countersign/server/audit/entry-hash.ts";
import { expect, it } from "vitest";
import { event } from "../ledger/builders.ts";
import { sqliteHome } from "../ledger/engines.ts";
import { exported, fill, KEY, verified } from "./support/exports.ts";

const start = Date.UTC(2026, 0, 2, 3, 4, 5);

/** The code blocks of a kind in docs/audit.md. */
function blocks(kind: string): string[] {
  const text = readFileSync(new URL("../../docs/audit.md", import.meta.url), "utf8");
  return [...text.matchAll(new RegExp(`\`\`\`${kind}\\n([^]*?)\`\`\``, "g"))].map(([, block]) => block ?? "");
}

it("the example in docs/audit.md is what the code writes, and verifies", async () => {
  const home = sqliteHome();
  const ledger = await home.open();
  const detail = { submission: "sub_1", state: "SUCCEEDED" };
  const acme = { tenant: "acme" };
  const events = [
    event({
      ...acme,
      kind: "tenant.created",
      actor: "admin:root",
      at: new Date(start),
      detail: { display_name: "Acmé" },
    }),
    event({ ...acme, kind: "submission.ended", actor: "relay", at: new Date(start + 1_000), detail }),
  ];
  await fill(ledger, events, 2);
  const lines = await exported(ledger, "acme", { now: () => new Date(start + 60_000) });
  await home.remove();
  expect(blocks("jsonl")).toEqual([lines.join("")]);
  expect(await verified(lines)).toMatchObject({ ok: true, entries: 2n, signedHeads: 1 });
});

it("the hashed bytes in docs/audit.md are those of the example's first entry", () => {
  const [, line = ""] = (blocks("jsonl")[0] ?? "").split("\n");
  const { sequence, kind, actor, at, detail, hash } = JSON.parse(line);
  const entry = { tenant: "acme", sequence: BigInt(sequence), kind, actor, at: new Date(at), detail };
  const bytes = entryBytes(NO_HASH, entry);
  const written = (blocks("hex")[0] ?? "").replaceAll(/#.*|\s/g, "");
  expect(written).toBe(Buffer.from(bytes).toString("hex"));
  expect(createHash("sha256").update(Buffer.from(written, "hex")).digest("hex")).toBe(hash);
  expect(readFileSync(new URL("../../docs/audit.md", import.meta.url), "utf8")).toContain(KEY.publicKey);
});
