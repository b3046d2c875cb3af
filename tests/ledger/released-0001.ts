import type { TestEngine } from "./engines.ts";

const INDEXES = [
  `create unique index submissions_exclusive on submissions (network, exclusive_account)
    where exclusive_account is not null and terminal_at is null`,
  "create index submissions_by_tenant on submissions (tenant, created_at, id)",
  "create index submissions_by_caller on submissions (tenant, caller, created_at, id)",
  "create index submissions_by_account on submissions (tenant, account_id, created_at, id)",
  "create index submissions_failed on submissions (tenant, created_at, id) where failure_reason is not null",
  "create index submissions_open on submissions (tenant, created_at, id) where terminal_at is null",
  `create index submissions_unclaimed on submissions (network, created_at, id)
    where lane_id is null and terminal_at is null`,
  `create index submissions_in_lane on submissions (lane_id, nonce)
    where lane_id is not null and terminal_at is null`,
  "create index replay_marks_expiry on replay_marks (network, max_block_height)",
];

/**
 * A ledger as the first release left it, with the submissions sub_done (succeeded), sub_claimed (signed, in the lane
 * ed25519:relayer-1, whose lease is free) and sub_waiting.
 */
export function released0001({ name }: TestEngine): string[] {
  const bytes = name === "sqlite" ? "blob" : "bytea";
  const hash = name === "sqlite" ? `x'${"ab".repeat(32)}'` : `'\\x${"ab".repeat(32)}'`;
  const created = Date.parse("2026-11-01T12:00:00.000Z");
  const submission = (id: string, state: string, rest: string) =>
    `insert into submissions values ('${id}', 'default', 'wallet', 'DELEGATE', '${state}', ${rest})`;
  const described = (id: string) =>
    `'testnet', 'alice.testnet', 'app.testnet', 'hash-${id}', ${hash}, null, null, 1000, ${created}`;
  return [
    `create table kysely_migration (name varchar(255) not null primary key, timestamp varchar(255) not null)`,
    `create table kysely_migration_lock (id varchar(255) not null primary key,
      is_locked integer default 0 not null)`,
    `create table submissions (id text not null primary key, tenant text not null, caller text not null,
      kind text not null, state text not null, version bigint not null, network text not null,
      account_id text not null, receiver_id text not null, delegate_hash text, payload ${bytes} not null,
      required_relayer text, exclusive_account text, expires_at_height bigint, created_at bigint not null,
      terminal_at bigint, lane_id bigint, nonce bigint, transaction_hash text, block_hash text, gas_burnt bigint,
      tokens_burnt text, deposit text, failure_reason text, failure_message text, failure_chain_error text)`,
    `create table transitions (submission_id text not null, seq bigint not null, state text not null,
      at bigint not null, constraint transitions_pk primary key (submission_id, seq))`,
    `create table idempotency (tenant text not null, caller text not null, method text not null,
      key text not null, body_hash ${bytes} not null, submission_id text not null,
      constraint idempotency_pk primary key (tenant, caller, method, key))`,
    `create table replay_marks (network text not null, sender_id text not null, public_key text not null,
      nonce bigint not null, delegate_hash text not null, max_block_height bigint not null,
      submission_id text not null,
      constraint replay_marks_pk primary key (network, sender_id, public_key, nonce),
      constraint replay_marks_hash unique (network, delegate_hash))`,
    `create table lanes (id bigint primary key, network text not null, account_id text not null,
      public_key text not null, key_id text not null, next_nonce bigint not null, lease_owner text,
      lease_epoch bigint not null, lease_until bigint not null,
      constraint lanes_key unique (network, account_id, public_key))`,
    `create table attempts (lane_id bigint not null, nonce bigint not null, submission_id text not null,
      transaction_hash text not null, signed_transaction ${bytes} not null, block_hash_height bigint not null,
      signed_at bigint not null, constraint attempts_pk primary key (lane_id, nonce),
      constraint attempts_hash unique (transaction_hash))`,
    ...INDEXES,
    "insert into kysely_migration values ('0001_submissions', '2026-11-01T00:00:00.000Z')",
    "insert into kysely_migration_lock values ('migration_lock', 0)",

    "insert into lanes values (1, 'testnet', 'relayer.testnet', 'ed25519:relayer-1', 'key-1', 103, null, 4, 0)",
    submission(
      "sub_done",
      "SUCCEEDED",
      `3, ${described("done")}, ${created + 9}, 1, 101, 'tx-done', 'block-9', 7, '70', '5', null, null, null`,
    ),
    submission(
      "sub_claimed",
      "SIGNED",
      `2, ${described("claimed")}, null, 1, 102, 'tx-claimed', null, null, null, null, null, null, null`,
    ),
    submission(
      "sub_waiting",
      "ACCEPTED",
      `1, ${described("waiting")}, null, null, null, null, null, null, null, null, null, null, null`,
    ),
    ...["done", "claimed", "waiting"].flatMap((id) => [
      `insert into transitions values ('sub_${id}', 1, 'ACCEPTED', ${created})`,
      `insert into idempotency values ('default', 'wallet', 'SubmitDelegate', 'key-${id}', ${hash}, 'sub_${id}')`,
      `insert into replay_marks values
        ('testnet', 'alice.testnet', 'ed25519:${id}', 7, 'hash-${id}', 1000, 'sub_${id}')`,
    ]),
    `insert into transitions values ('sub_done', 2, 'SIGNED', ${created + 1}),
      ('sub_done', 3, 'SUCCEEDED', ${created + 9}), ('sub_claimed', 2, 'SIGNED', ${created + 1})`,
    `insert into attempts values (1, 101, 'sub_done', 'tx-done', ${hash}, 500, ${created + 1}),
      (1, 102, 'sub_claimed', 'tx-claimed', ${hash}, 500, ${created + 1})`,
  ];
}
