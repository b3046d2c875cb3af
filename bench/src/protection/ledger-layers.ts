import { createHash } from "node:crypto";
import { hashEntry } from "@countersign/server/audit/entry-hash.ts";
import type { AcceptInput, AuditEvent, BudgetLimits, Ledger } from "@countersign/server/ledger/ledger.ts";
import { openLedger } from "@countersign/server/ledger/open-ledger.ts";
import { Secret } from "@countersign/service-kit";
import { type EngineName, freshLedger } from "../shared/ledgers.ts";
import type { Layer } from "./layer.ts";

/** As many as the relay's bench has calls in flight: accepts share commits. */
const CONCURRENCY = 32;
const CHAIN_BATCH = 500;
const MAX_OPEN = 1_000_000_000;
const TENANT = "bench";
const PLENTY: BudgetLimits = { accounts: 10n ** 9n, gas: 10n ** 30n, deposit: 10n ** 30n };

export interface LedgerLayers {
  readonly unbounded: Layer;
  readonly bounded: Layer;
  readonly chaining: Layer;
  close(): Promise<void>;
}

/** What acceptance costs the relay's process on an engine. A PostgreSQL server's own CPU time is not in it. */
export async function ledgerLayers(
  engine: EngineName,
  folder: string,
  calls: number,
  now: () => Date,
): Promise<LedgerLayers> {
  const fresh = await freshLedger(engine, folder);
  const ledger = await openLedger(new Secret(fresh.url));
  const accept = (prefix: string, bound: BudgetLimits) => async (i: number) => {
    const { outcome } = await ledger.accept(submission(`${prefix}-${i}`, bound, now()));
    if (outcome !== "accepted") throw new Error(`the ledger says ${outcome}`);
  };
  const common = { concurrency: CONCURRENCY, calls };
  return {
    unbounded: {
      ...common,
      name: `accept, ${engine}, no bounds`,
      includes: "all of it: idempotency, replay mark, submission, audit row, amounts counted",
      call: accept("unbounded", {}),
    },
    bounded: {
      ...common,
      name: `accept, ${engine}, all bounds`,
      includes: "the same; all four budgets bound all three amounts",
      call: accept("bounded", PLENTY),
    },
    chaining: chainingLayer(ledger, engine, calls, now),
    async close() {
      await ledger.close();
      await fresh.drop();
    },
  };
}

/** The events are written before the clock starts; a round then chains as many in the sequencer's batches. */
function chainingLayer(ledger: Ledger, engine: EngineName, calls: number, now: () => Date): Layer {
  return {
    name: `audit chain, ${engine}`,
    includes: `per entry, in batches of ${CHAIN_BATCH}`,
    concurrency: 1,
    calls,
    async prepare() {
      while ((await ledger.chainAudit(hashEntry, CHAIN_BATCH)) > 0);
      await ledger.appendAudit(Array.from({ length: calls }, (_, i) => event(`chained-${i}`, now())));
    },
    call: async () => undefined,
    finish: async () => {
      while ((await ledger.chainAudit(hashEntry, CHAIN_BATCH)) > 0);
    },
  };
}

/** As the intake makes it for a delegate. Everything that must be unique follows from the name. */
function submission(name: string, bound: BudgetLimits, at: Date): AcceptInput {
  const digest = createHash("sha256").update(name).digest();
  const hash = digest.toString("base64url");
  const accountId = `${name}.test`;
  return {
    tenant: TENANT,
    caller: "tenant",
    method: "SubmitDelegate",
    idempotencyKey: `body/${digest.toString("hex")}`,
    bodyHash: digest,
    submission: {
      id: `sub_${name}`,
      kind: "DELEGATE",
      network: "bench",
      accountId,
      receiverId: "receiver.test",
      delegateHash: hash,
      payload: Buffer.alloc(200, digest),
      requiredRelayer: null,
      expiresAtHeight: 600_000n,
    },
    replayMark: {
      senderId: accountId,
      publicKey: `ed25519:${hash}`,
      nonce: 1n,
      delegateHash: hash,
      maxBlockHeight: 600_000n,
    },
    maxOpen: MAX_OPEN,
    budget: {
      user: "key:0000000000000000",
      amounts: { accounts: 0n, gas: 10n ** 12n, deposit: 1n },
      limits: { "tenant-day": bound, "tenant-month": bound, "user-day": bound, "user-month": bound },
    },
    audit: event(`sub_${name}`, at),
    at,
  };
}

/** As large as the intake's. */
function event(name: string, at: Date): AuditEvent {
  return {
    tenant: TENANT,
    kind: "submission.accepted",
    actor: "key:0000000000000000",
    at,
    detail: {
      submission: name,
      method: "SubmitDelegate",
      user: "key:0000000000000000",
      account: `${name}.test`,
      receiver: "receiver.test",
      delegate_hash: "9".repeat(44),
      reserved_gas: "1000000000000",
      reserved_deposit: "1",
      policy_version: "1",
      request: "01234567-89ab-cdef-0123-456789abcdef",
    },
  };
}
