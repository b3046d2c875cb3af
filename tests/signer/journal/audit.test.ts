import { exportAudit } from "@countersign/signer-service/audit/export.ts";
import { verifyAudit } from "@countersign/signer-service/audit/verify.ts";
import { expect, it } from "vitest";
import { at, overStores, type StoreContext } from "./stores.ts";

const event = { kind: "keys reloaded", actor: "signal", keyId: "", detail: { added: "1" } };
const refusal = {
  peer: "relay",
  keyId: "a",
  reason: "SIGNER_POLICY_DENIED",
  message: "no",
  requestId: "request-1",
  payloadHash: "",
  tenant: "acme",
  submissionId: "sub_1",
};

async function* linesOf(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines;
}

async function exported({ engine }: Pick<StoreContext, "engine">): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of exportAudit(engine, () => at(0))) lines.push(line);
  return lines;
}

overStores("the signer's audit", (on) => {
  it("is one chain whoever writes at once, and its export verifies", async () => {
    const stores = on.home.shared ? [on.store, (await on.home.open()).store] : [on.store];
    await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        stores[i % stores.length]?.audit.record({ ...event, actor: `${i}` }),
      ),
    );
    const lines = await exported(on);
    expect(await verifyAudit(linesOf(lines))).toMatchObject({ ok: true, entries: 40n });
    const actors = lines.slice(1, -1).map((line) => Number((JSON.parse(line) as { actor: string }).actor));
    expect(actors.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, i) => i));
  });

  it("keeps refusals, those that are alike as one entry, at the latest when the store closes", async () => {
    const { store } = on.home.shared ? await on.home.open() : on;
    for (let i = 0; i < 5; i++) store.audit.refused(refusal);
    await store.close();
    const { engine } = on.home.shared ? on : await on.home.open();
    const lines = await exported({ engine });
    expect(await verifyAudit(linesOf(lines))).toMatchObject({ ok: true, entries: 1n });
    const { actor, keyId, detail } = JSON.parse(lines[1] ?? "") as Record<string, string>;
    expect([actor, keyId, JSON.parse(detail ?? "")]).toEqual([
      "relay",
      "a",
      {
        reason: "SIGNER_POLICY_DENIED",
        count: "5",
        message: "no",
        request_id: "request-1",
        tenant: "acme",
        submission_id: "sub_1",
      },
    ]);
  });

  it("holds texts that no database or no UTF-8 could hold, cut and made whole", async () => {
    const wild = `\0\ud800${"é".repeat(1000)}`;
    await on.store.audit.record({ kind: "odd", actor: wild, keyId: wild, detail: { wild } });
    const lines = await exported(on);
    expect(await verifyAudit(linesOf(lines))).toMatchObject({ ok: true });
    const { actor } = JSON.parse(lines[1] ?? "") as Record<string, string>;
    expect(actor).toBe(`\uFFFD\uFFFD${"é".repeat(254)}`);
  });

  it("does not verify when a byte of its export is another, or a line is missing or repeated", async () => {
    for (const actor of ["a", "b", "c"]) await on.store.audit.record({ ...event, actor });
    const lines = await exported(on);
    const whole = Buffer.from(lines.join(""));
    for (let i = 0; i < whole.length; i++) {
      const bytes = Buffer.from(whole);
      bytes[i] = (bytes[i] ?? 0) ^ 1;
      const result = await verifyAudit(linesOf(bytes.toString().split(/(?<=\n)/)));
      expect(result.ok, `byte ${i}`).toBe(false);
    }
    for (let i = 0; i < lines.length; i++) {
      expect((await verifyAudit(linesOf(lines.toSpliced(i, 1)))).ok).toBe(false);
      expect((await verifyAudit(linesOf(lines.toSpliced(i, 0, lines[i] ?? "")))).ok).toBe(false);
    }
  });
});
