import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { LaneToken, Ledger } from "@countersign/server/ledger/ledger.ts";
import { openLedger } from "@countersign/server/ledger/open-ledger.ts";
import { Secret } from "@countersign/service-kit";
import { NETWORK, RELAYER } from "../shared/keystore.ts";
import { type BenchLedger, type EngineName, freshLedger } from "../shared/ledgers.ts";
import { TENANT, WEBHOOK } from "./names.ts";

/** When the measured submissions begin to come; whatever a ledger is filled with came before. */
export const BEGIN = new Date("2026-11-01T12:00:00.000Z");
const LEASE_MS = 3_600_000;

/** A ledger with a tenant, its webhook and one lane of the relayer. */
export async function preparedLedger(engine: EngineName, folder: string, name: string): Promise<BenchLedger> {
  const own = join(folder, name);
  await mkdir(own, { recursive: true });
  const fresh = await freshLedger(engine, own);
  const ledger = await openLedger(new Secret(fresh.url), () => BEGIN);
  const audit = { tenant: "", kind: "bench.prepared", actor: "admin:bench", at: BEGIN, detail: {} };
  await ledger.createTenant({ id: TENANT, displayName: TENANT, createdAt: BEGIN }, audit);
  const webhook = { id: WEBHOOK, tenant: TENANT, url: "https://wallet.example", description: "", states: [] };
  await ledger.createWebhook({ ...webhook, paused: false, secrets: [], createdAt: BEGIN }, 1, null, audit);
  await ledger.ensureLanes([
    { network: NETWORK, accountId: RELAYER, publicKey: "ed25519:relayer", keyId: "relayer-1" },
  ]);
  await ledger.close();
  return fresh;
}

/** The lane, as a relay holds it. */
export async function takeLane(ledger: Ledger, laneId: number): Promise<LaneToken> {
  const lease = await ledger.acquireLane(laneId, "bench", BEGIN, LEASE_MS);
  if (lease === null) throw new Error("somebody else has the lane");
  return { laneId, epoch: lease.epoch };
}
