import { createHash } from "node:crypto";
import type { AuditHead, HashEntry, LaneToken, Ledger } from "@countersign/server/ledger/ledger.ts";
import { NETWORK, RELAYER } from "../shared/keystore.ts";
import { ACCOUNT, ARCHIVE, CALLER, PUBLIC_KEY, TENANT, WEBHOOK } from "./names.ts";
import { BATCH, endOf, nonceFloor, REJECTED, roundItems, signedItem } from "./round-items.ts";

/** Does something under its name and gives what came of it; whoever calls `round` looks on. */
export type Step = <T>(name: string, work: () => Promise<T>) => Promise<T>;

const PAGE = 20;
/** Before all that a ledger is filled with: deliveries of a round are pruned first. */
const LONG_AGO = new Date("2026-01-01T00:00:00.000Z");
const LATER = new Date("2026-01-02T00:00:00.000Z");

/**
 * The life of some submissions, and whatever a relay asks of its ledger meanwhile and behind them: each call that the cost of
 * a submission or of the work in the background is made of. Nothing of it is left open.
 */
export async function round(ledger: Ledger, lane: LaneToken, number: number, step: Step): Promise<void> {
  const items = roundItems(number);
  const ids = items.inputs.map(({ submission }) => submission.id);
  const [first] = items.inputs;
  const mark = first?.replayMark;
  if (first === undefined || mark === null || mark === undefined) throw new Error("an empty round");
  const { tenant, caller, method, idempotencyKey: key } = first;

  await step("isReplayed", () => ledger.isReplayed(NETWORK, mark));
  const accepted = await step("accept", () => Promise.all(items.inputs.map((input) => ledger.accept(input))));
  const refused = accepted.find(({ outcome }) => outcome !== "accepted");
  if (refused !== undefined) throw new Error(`not accepted: ${refused.outcome}`);
  await step("accept again", () => ledger.accept(first));
  await step("findIdempotent", () => ledger.findIdempotent({ tenant, caller, method, key }));
  await step("budgetUse", () => ledger.budgetUse(TENANT, items.at(0)));

  await step("waiting", () => ledger.waiting({ network: NETWORK, heldTenants: [], limit: BATCH }));
  await step("renewLane", () => ledger.renewLane(lane, items.at(0), 3_600_000));
  const work = await step("claim", () => ledger.claim({ ...lane, limit: BATCH, nonceFloor }));
  await step("openWork", () => ledger.openWork(lane.laneId));
  await step("lanesWithWork", () => ledger.lanesWithWork(NETWORK, [RELAYER]));
  await step("openByKey", () => ledger.openByKey(NETWORK, RELAYER));
  const rejected = ids[REJECTED];
  const signed = work
    .filter(({ submissionId }) => submissionId !== rejected)
    .map((one) => signedItem(one, items.at(10)));
  await step("recordSigned", () => ledger.recordSigned(lane, signed));
  const progress = (to: "BROADCAST" | "INCLUDED") =>
    ledger.recordProgress(
      lane,
      signed.map(({ submissionId }) => ({ submissionId, to, at: items.at(20) })),
    );
  await step("recordProgress BROADCAST", () => progress("BROADCAST"));
  await step("stats", () => ledger.stats());
  await step("countOpen", () => ledger.countOpen());
  await step("list: open", () => ledger.listSubmissions({ tenant, state: "BROADCAST", limit: PAGE }));
  await step("recordProgress INCLUDED", () => progress("INCLUDED"));
  const ends = ids.map((id, i) => endOf(id, i, items.at(30)));
  await step("recordTerminal", () => ledger.recordTerminal(lane, ends));

  await reads(ledger, ids[0] ?? "", signed[0]?.transactionHash ?? "", items.at(0), step);
  await audit(ledger, items.at(40), step);
  await deliveries(ledger, items.at(50), step);
  await keyOperation(ledger, items, step);
  await step("pruneReplayMarks", () => ledger.pruneReplayMarks(NETWORK, items.finalHeight));
  await step("pruneBudgets", () => ledger.pruneBudgets(LONG_AGO));
}

async function reads(ledger: Ledger, id: string, hash: string, since: Date, step: Step): Promise<void> {
  const list = (name: string, query: object) =>
    step(`list: ${name}`, () => ledger.listSubmissions({ tenant: TENANT, limit: PAGE, ...query }));
  await step("getSubmission", () => ledger.getSubmission(TENANT, id));
  await step("getByTransactionHash", () => ledger.getByTransactionHash(TENANT, hash));
  const newest = await list("tenant", {});
  const last = newest.at(-1);
  if (last !== undefined) await list("next page", { before: last });
  await list("caller", { caller: CALLER });
  await list("account", { accountId: ACCOUNT });
  await list("FAILED", { state: "FAILED" });
  await list("FAILED of a caller", { state: "FAILED", caller: CALLER });
  await list("SUCCEEDED", { state: "SUCCEEDED" });
  await step("usage", () => ledger.usage({ tenant: TENANT, by: "user", since }));
}

const hashEntry: HashEntry = (previous, { sequence, detail }) =>
  Uint8Array.from(createHash("sha256").update(previous).update(`${sequence} ${detail}`).digest());

async function audit(ledger: Ledger, at: Date, step: Step): Promise<void> {
  const refusal = { tenant: ARCHIVE, kind: "call.refused", actor: CALLER, at, detail: { reason: "bench" } };
  await step("appendAudit", () => ledger.appendAudit([refusal, refusal]));
  await step("chainAudit", () => ledger.chainAudit(hashEntry, 1_000));
  const heads = await step("unsignedAuditHeads", () => ledger.unsignedAuditHeads());
  const own = heads.filter(({ tenant }) => tenant === TENANT);
  for (const head of own) {
    await step("putAuditHead", () => ledger.putAuditHead(signedHead(head, at)));
    await step("readAuditHeads", () => ledger.readAuditHeads(TENANT, head.sequence - 20n, head.sequence));
  }
  const { sequence } = await step("auditHead", () => ledger.auditHead(ARCHIVE));
  await step("readAudit", () => ledger.readAudit(ARCHIVE, sequence - 20n, PAGE));
  await step("auditCheckpoint", () => ledger.auditCheckpoint(TENANT));
  const prunable = await step("prunableAudit", () => ledger.prunableAudit(at));
  const ownPrunable = prunable.filter((head) => head.tenant === TENANT);
  for (const head of ownPrunable) await step("pruneAudit", () => ledger.pruneAudit(head, 2 * BATCH));
}

const signedHead = (head: AuditHead, at: Date) => ({
  ...{ ...head, at, publicKey: `ed25519:${PUBLIC_KEY}`, signature: new Uint8Array(64) },
});

/** All are told at once but one, which is given up. */
async function deliveries(ledger: Ledger, at: Date, step: Step): Promise<void> {
  await step("dueWebhooks", () => ledger.dueWebhooks(at));
  const wanted = [{ webhookId: WEBHOOK, limit: BATCH }];
  const until = new Date(at.getTime() + 60_000);
  const claimed = await step("claimDeliveries", () => ledger.claimDeliveries(wanted, at, until));
  await step("deliveryStats", () => ledger.deliveryStats());
  const results = claimed.map(({ webhookId, submissionId, attempt }, i) => ({
    ...{ webhookId, submissionId, attempt, state: i === 0 ? ("DEAD" as const) : ("DELIVERED" as const) },
    ...{ dueAt: null, status: 200, problem: "", at: LONG_AGO },
  }));
  await step("recordAttempts", () => ledger.recordAttempts(results));
  await step("listDeliveries", () =>
    ledger.listDeliveries({ webhookId: WEBHOOK, state: "DELIVERED", limit: PAGE }),
  );
  const before = { delivered: LATER, dead: LATER, deleted: LATER };
  await step("pruneDeliveries", () => ledger.pruneDeliveries(before));
  await step("pruneDeliveries, dead", () => ledger.pruneDeliveries(before));
}

async function keyOperation(
  ledger: Ledger,
  { operation, event, at }: ReturnType<typeof roundItems>,
  step: Step,
): Promise<void> {
  await step("startKeyOperation", () => ledger.startKeyOperation(operation, event("key.started")));
  await step("openKeyOperations", () => ledger.openKeyOperations(NETWORK));
  const end = { step: "DONE" as const, endedAt: at(60) };
  await step("changeKeyOperation", () => ledger.changeKeyOperation(operation, end, event("key.ended")));
  await step("listKeyOperations", () => ledger.listKeyOperations(NETWORK, RELAYER, PAGE));
  await step("findKeyOperation", () => ledger.findKeyOperation(NETWORK, operation.id));
}
