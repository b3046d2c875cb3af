import { AuditService } from "@countersign/gen/countersign/admin/v1/audit_service_pb.ts";
import { TenantService } from "@countersign/gen/countersign/admin/v1/tenant_service_pb.ts";
import { verifyExport } from "@countersign/server/audit/verify.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { event } from "../ledger/builders.ts";
import { type AdminWorld, startAdmin } from "./admin-world.ts";
import { reasonFor } from "./refused.ts";

let world: AdminWorld;
beforeAll(async () => {
  world = await startAdmin();
  await world.client(TenantService).createTenant({ tenant: "acme" });
});
afterAll(() => world.stop());

async function pieces(tenant: string, fromSequence = 0n): Promise<string[]> {
  const found: string[] = [];
  const stream = world.client(AuditService, "viewer").exportAudit({ tenant, fromSequence });
  for await (const { lines } of stream) found.push(lines);
  return found;
}

async function* linesOf(text: string) {
  yield* text.split(/(?<=\n)/);
}

test("an export verifies under the relay's key, and comes in pieces of whole lines", async () => {
  const long = { text: "x".repeat(1000) };
  const events = Array.from({ length: 200 }, (_, i) =>
    event({ tenant: "acme", kind: `test.${i}`, detail: long }),
  );
  await world.ledger.appendAudit(events);
  const exported = await pieces("acme");
  expect(exported.length).toBeGreaterThan(2);
  for (const piece of exported) {
    expect(piece.endsWith("\n")).toBe(true);
    expect(Buffer.byteLength(piece)).toBeLessThanOrEqual(65_536);
  }
  const verdict = await verifyExport(linesOf(exported.join("")), world.publicKey);
  expect(verdict).toMatchObject({ ok: true, tenant: "acme", first: 1n, last: 201n });

  const later = await verifyExport(linesOf((await pieces("acme", 150n)).join("")), world.publicKey);
  expect(later).toMatchObject({ ok: true, first: 150n, last: 201n });
});

test("the relay's own log is exported too; that of a tenant which is not there is not found", async () => {
  const verdict = await verifyExport(linesOf((await pieces("")).join("")), world.publicKey);
  expect(verdict).toMatchObject({ ok: true, tenant: "", entries: 0n });
  expect(await reasonFor(pieces("nobody"))).toBe("TENANT_NOT_FOUND");
  expect(await reasonFor(pieces("acme", 2n ** 64n - 1n))).toBe("FIELD_INVALID");
});
