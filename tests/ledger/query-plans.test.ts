import { readAudit } from "@countersign/server/ledger/audit-events.ts";
import { auditCheckpoint, prunableAudit, pruneAudit } from "@countersign/server/ledger/audit-retention.ts";
import { pruneBudgets } from "@countersign/server/ledger/budget-pruning.ts";
import {
  changeKeyOperation,
  findKeyOperation,
  listKeyOperations,
  openByKey,
  openKeyChange,
  openKeyOperations,
  startKeyOperation,
} from "@countersign/server/ledger/key-operations.ts";
import { lanesWithWork } from "@countersign/server/ledger/lanes.ts";
import { migrations } from "@countersign/server/ledger/migrations.ts";
import { sessionIdOf } from "@countersign/server/ledger/refresh-tokens.ts";
import { releaseReplayMarks } from "@countersign/server/ledger/replay-marks.ts";
import type { LedgerSchema } from "@countersign/server/ledger/schema.ts";
import {
  findPasskey,
  findUserOfAccount,
  readIdentity,
  readUser,
} from "@countersign/server/ledger/user-rows.ts";
import {
  claimDeliveries,
  deliveryStats,
  dueWebhooks,
  listDeliveries,
  recordAttempts,
  redriveDeliveries,
} from "@countersign/server/ledger/webhook-deliveries.ts";
import { pruneDeliveries } from "@countersign/server/ledger/webhook-pruning.ts";
import { migrate } from "@countersign/sql";
import type { Transaction } from "kysely";
import { expect, it, onTestFinished } from "vitest";
import { operation } from "../key-pool/support/operations.ts";
import { recordedSqlite, sqlitePlan, sqliteScans } from "../support/query-plans.ts";
import { at, event } from "./builders.ts";

const head = {
  tenant: "a",
  sequence: 1n,
  hash: new Uint8Array(32),
  at: at(0),
  publicKey: "",
  signature: new Uint8Array(64),
};

const attempt = {
  ...{ webhookId: "w", submissionId: "sub_a", attempt: 1 },
  state: "PENDING" as const,
  ...{ dueAt: at(1), status: 500, problem: "", at: at(0) },
};

const account = { providerId: "p", issuer: "https://a.example", subject: "s" };

const statements: readonly [string, (trx: Transaction<LedgerSchema>) => Promise<unknown>][] = [
  ["what of the audit log may be deleted", (trx) => prunableAudit(trx, at(0))],
  ["deleting of the audit log", (trx) => pruneAudit(trx, head, 10)],
  ["a log's checkpoint", (trx) => auditCheckpoint(trx, "a")],
  ["a page of a log", (trx) => readAudit(trx, "a", 1n, 10)],
  ["deleting old budgets", (trx) => pruneBudgets(trx, at(0))],
  ["a user with its identities", (trx) => readUser(trx, "a", "u_1")],
  ["a user by a passkey", (trx) => findPasskey(trx, "a", new Uint8Array(1))],
  ["a user by an account", (trx) => findUserOfAccount(trx, "a", account)],
  ["an identity", (trx) => readIdentity(trx, "i_1").catch(() => undefined)],
  [
    "a session by a token",
    (trx) => sessionIdOf(trx, { token: new Uint8Array(1), family: new Uint8Array(2) }),
  ],
  ["webhooks with something to be told", (trx) => dueWebhooks(trx, at(0))],
  [
    "claiming deliveries",
    (trx) => claimDeliveries({ locksRows: false }, trx, [{ webhookId: "w", limit: 9 }], at(0), at(1)),
  ],
  ["recording attempts", (trx) => recordAttempts(trx, [attempt])],
  [
    "a page of deliveries",
    (trx) =>
      listDeliveries(trx, {
        ...{ webhookId: "w", state: "DEAD", limit: 9 },
        before: { createdAt: at(0), submissionId: "sub_a" },
      }),
  ],
  ["redriving deliveries", (trx) => redriveDeliveries(trx, "w", undefined, 9, at(0), () => event())],
  [
    "deleting old deliveries",
    (trx) => pruneDeliveries(trx, { delivered: at(0), dead: at(0), deleted: at(0) }),
  ],
  ["counting deliveries", (trx) => deliveryStats(trx)],
  ["lanes with work", (trx) => lanesWithWork(trx, "testnet", ["relay.testnet", "relay-2.testnet"])],
  ["an operation on keys", (trx) => findKeyOperation(trx, "testnet", "a")],
  ["open operations on keys", (trx) => openKeyOperations(trx, "testnet")],
  ["an account's operations on keys", (trx) => listKeyOperations(trx, "testnet", "relay.testnet", 9)],
  [
    "beginning an operation on keys",
    async (trx) => {
      await startKeyOperation(trx, operation("a"), event());
      await startKeyOperation(trx, operation("b"), event());
    },
  ],
  [
    "changing an operation on keys",
    (trx) => changeKeyOperation(trx, { id: "a", version: 1 }, { step: "DONE", endedAt: at(0) }, event()),
  ],
  ["open work by key", (trx) => openByKey(trx, "testnet", "relay.testnet")],
  ["an open change of keys", (trx) => openKeyChange(trx, "testnet", "relay.testnet")],
  ["giving up replay marks", (trx) => releaseReplayMarks(trx, ["sub_a", "sub_b"])],
];

it.each(statements)("SQLite reads no table that grows as a whole for %s", async (_, run) => {
  const { db, asked } = recordedSqlite(":memory:");
  onTestFinished(() => db.destroy());
  await migrate(db, migrations("blob"));
  const event = { id: "1", tenant: "a", kind: "test", actor: "relay", at: 0n, detail: "{}" };
  await db
    .insertInto("audit_events")
    .values({ ...event, sequence: 1n, hash: "00" })
    .execute();
  asked.length = 0;
  await db.transaction().execute(run);

  const statements = asked.filter(({ sql }) => /^(select|update|delete)/.test(sql));
  expect(statements).not.toEqual([]);
  for (const statement of statements) {
    expect(sqliteScans(await sqlitePlan(db, statement)), statement.sql).toEqual([]);
  }
});
