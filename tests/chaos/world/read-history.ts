import type { Devnet } from "@countersign/devnet";
import { base58 } from "@scure/base";
import pg from "pg";
import type { Call, History, LandedTransaction } from "../history.ts";
import { type ChaosWorld, RELAYERS } from "./chaos-world.ts";
import { readAudits } from "./read-audits.ts";

/** All that the ledger and the chain know at the end of a run, beside what callers saw. */
export async function readHistory(world: ChaosWorld, calls: readonly Call[]): Promise<History> {
  const { devnet, ledgerUrl, sent, relayersHadAtStart } = world;
  const client = new pg.Client({ connectionString: ledgerUrl });
  await client.connect();
  try {
    const ledger = await readLedger(async (sql) => (await client.query(sql)).rows);
    const tenants = [...new Set(ledger.submissions.map(({ tenant }) => tenant))];
    return {
      ...ledger,
      ...{ calls, sent },
      audits: await readAudits(world, tenants),
      landed: landedOn(devnet),
      chain: { height: devnet.chain.head.height, relayersPaid: relayersHadAtStart - world.relayersHave() },
    };
  } finally {
    await client.end();
  }
}

type LedgerHistory = Pick<History, "submissions" | "transitions" | "attempts" | "idempotency" | "budgets">;
type Row = Readonly<Record<string, string>>;

/** Numbers of more than 53 bits come as text. */
async function readLedger(query: (sql: string) => Promise<Row[]>): Promise<LedgerHistory> {
  const submissions = await query("select * from submissions order by created_at, id");
  const transitions = await query("select submission_id, seq, state from transitions");
  const attempts = await query(
    "select a.*, l.public_key from attempts a join lanes l on l.id = a.lane_id order by a.lane_id, a.nonce",
  );
  const idempotency = await query("select tenant, method, key, submission_id from idempotency");
  const budgets = await query("select * from budget_use");
  return {
    submissions: submissions.map((row) => ({
      id: text(row.id),
      tenant: text(row.tenant),
      kind: text(row.kind) as LedgerHistory["submissions"][number]["kind"],
      state: text(row.state),
      accountId: text(row.account_id),
      delegateHash: row.delegate_hash ?? null,
      transactionHash: row.transaction_hash ?? null,
      failureReason: row.failure_reason ?? null,
      expiresAtHeight: row.expires_at_height == null ? null : BigInt(row.expires_at_height),
      createdAt: new Date(Number(row.created_at)),
      cost:
        row.tokens_burnt == null
          ? null
          : {
              gasBurnt: BigInt(text(row.gas_burnt)),
              tokensBurnt: BigInt(row.tokens_burnt),
              deposit: BigInt(text(row.deposit)),
            },
      budgetUser: text(row.budget_user),
    })),
    transitions: transitions.map((row) => ({
      submissionId: text(row.submission_id),
      seq: Number(row.seq),
      state: text(row.state),
    })),
    attempts: attempts.map((row) => ({
      submissionId: text(row.submission_id),
      publicKey: text(row.public_key),
      nonce: BigInt(text(row.nonce)),
      hash: text(row.transaction_hash),
    })),
    idempotency: idempotency.map((row) => ({
      tenant: text(row.tenant),
      method: text(row.method),
      key: text(row.key),
      submissionId: text(row.submission_id),
    })),
    budgets: budgets.map((row) => ({
      tenant: text(row.tenant),
      user: text(row.budget_user),
      period: text(row.period),
      accounts: BigInt(text(row.accounts)),
      gas: BigInt(text(row.gas)),
      deposit: BigInt(text(row.deposit)),
    })),
  };
}

function text(value: string | undefined): string {
  if (value === undefined || value === null) throw new TypeError("a row of the ledger lacks a value");
  return value;
}

/** The relayers' transactions as the chain has them, in its order. Refunds burn gas that nobody pays for. */
function landedOn({ chain }: Devnet): LandedTransaction[] {
  return chain.log
    .filter(({ signerId }) => RELAYERS.includes(signerId))
    .map(({ hash, publicKey, nonce }) => {
      const record = chain.record(hash);
      if (record === undefined) throw new Error(`the chain has no record of ${hash}`);
      const { outcome, receipts, receiptOutcomes, transaction } = record;
      const paid = [outcome, ...receiptOutcomes.values()].filter(({ tokensBurnt }) => tokensBurnt > 0n);
      const [outerId = ""] = outcome.receiptIds;
      const outer = receiptOutcomes.get(outerId);
      const [action] = transaction.actions;
      const isDelegate = action?.kind === "Delegate";
      const executed = outer !== undefined && outer.status.kind !== "failure";
      // The receipt with what was carried; the deposits are the relayer's as soon as it is made.
      const innerId = isDelegate ? (executed ? (outer.receiptIds[0] ?? "") : "") : outerId;
      const inner = receiptOutcomes.get(innerId);
      const succeeded = inner !== undefined && inner.status.kind !== "failure";
      const given = isDelegate ? executed : succeeded;
      const actions = receipts.get(innerId)?.actions ?? [];
      return {
        ...{ hash, publicKey, nonce, succeeded },
        carried: isDelegate
          ? `delegate ${base58.encode(action.signedHash)}`
          : `account ${transaction.receiverId}`,
        gasBurnt: paid.reduce((sum, { gasBurnt }) => sum + gasBurnt, 0n),
        tokensBurnt: paid.reduce((sum, { tokensBurnt }) => sum + tokensBurnt, 0n),
        deposit: given ? actions.reduce((sum, one) => sum + ("deposit" in one ? one.deposit : 0n), 0n) : 0n,
      };
    });
}
