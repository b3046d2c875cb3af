import { AuditKeeper } from "@countersign/server/audit/audit-keeper.ts";
import { AuditKey } from "@countersign/server/audit/audit-key.ts";
import { exportAudit } from "@countersign/server/audit/export.ts";
import { type AlteredExport, type VerifiedExport, verifyExport } from "@countersign/server/audit/verify.ts";
import type { AuditEvent, AuditStore } from "@countersign/server/ledger/ledger.ts";
import { Secret } from "@countersign/service-kit";
import { at } from "../../ledger/builders.ts";

/** The log's key in these tests, and one of somebody else. */
export const KEY = AuditKey.fromSeed(new Secret("5".repeat(64)));
export const FORGER = AuditKey.fromSeed(new Secret("6".repeat(64)));

export const DAY_MS = 86_400_000;

/** What is hard to write in one way only: quotes, escapes, other scripts, what JSON may escape or not. */
export const AWKWARD = [
  '"\\/\b\f\n\r\t',
  "ünï, 東京, 👩🏽‍🚀",
  "\u2028\u2029\u007f\u0085\ufeff",
  "e\u0301é",
  "\u0001\u001f",
  " ",
];

/** A keeper that fails the test when a step fails. */
export function keeperOf(
  store: AuditStore,
  options: Partial<ConstructorParameters<typeof AuditKeeper>[0]> = {},
) {
  return new AuditKeeper({
    store,
    key: KEY,
    now: () => at(0),
    retentionDays: 0,
    onFailed: (error) => {
      throw error;
    },
    ...options,
  });
}

/** The ledger's audit log with some of its calls replaced, also by what is set in `calls` later. */
export function storeWith(store: AuditStore, calls: Partial<AuditStore>): AuditStore {
  return new Proxy(store, {
    get: (target, name) => Reflect.get(calls, name) ?? Reflect.get(target, name),
  });
}

/** Appends the events and chains them, with a signed head after every `headEvery` of them. */
export async function fill(
  store: AuditStore,
  events: readonly AuditEvent[],
  headEvery: number,
): Promise<void> {
  const keeper = keeperOf(store, { now: () => events.at(-1)?.at ?? at(0) });
  for (let i = 0; i < events.length; i += headEvery) {
    await store.appendAudit(events.slice(i, i + headEvery));
    await keeper.chainNow();
    if (i + headEvery <= events.length) await keeper.signHeads();
  }
}

export interface Exporting {
  readonly from?: bigint;
  readonly key?: AuditKey;
  readonly now?: () => Date;
  readonly keeper?: { chainNow(): Promise<void> };
}

/** The lines of an export, each with its line feed. */
export async function exported(
  store: AuditStore,
  tenant: string,
  options: Exporting = {},
): Promise<string[]> {
  const { from = 0n, key = KEY, now = () => at(1_000_000), keeper = keeperOf(store) } = options;
  const lines: string[] = [];
  for await (const line of exportAudit({ store, keeper, key, now }, tenant, from)) lines.push(line);
  return lines;
}

/** Verifies lines under the log's key, or another, or with none (null). */
export function verified(
  lines: readonly string[],
  publicKey: string | null = KEY.publicKey,
): Promise<VerifiedExport | AlteredExport> {
  return verifyExport(
    (async function* () {
      yield* lines;
    })(),
    publicKey ?? undefined,
  );
}
