import { NETWORK, RELAYER } from "../shared/keystore.ts";
import { type FillDialect, LANE } from "./fill-database.ts";
import { ACCOUNT, ARCHIVE, CALLER, PUBLIC_KEY, TENANT, WEBHOOK } from "./names.ts";

/** An insertion of rows, for each `n` of a series. */
interface FillStatement {
  readonly table: string;
  /** Rows for each submission. */
  readonly share: number;
  /** Without its "from". */
  readonly insert: string;
}

const PAYLOAD_BYTES = 300;
const TRANSACTION_BYTES = 450;
/** Hexadecimal digits of an entry's hash. */
export const NO_HASH = "0".repeat(64);
/** Deliveries that were given up: few, or somebody would look. */
const DEAD_OF = 5_000;

/**
 * Nine of ten submissions are the measured tenant's, half of all its measured caller's and a tenth its measured account's. One of
 * a hundred failed. Hashes, and whose delegate it is, are in no order; ids and times are in that of acceptance.
 */
export function fillStatements(dialect: FillDialect, first: number): FillStatement[] {
  const { hex8, bytes } = dialect;
  const hash = (seed: number) =>
    `${hex8(`(n * 48271 + ${seed}) % 2147483647`)} || ${hex8(`(n * 16807 + ${seed}) % 2147483647`)} || '${"x".repeat(28)}'`;
  const at = `(${first} + n)`;
  const id = `'sub_' || ${hex8("n")} || '${"0".repeat(18)}'`;
  const failed = "n % 100 = 0";
  const tenant = `case when n % 10 = 1 then 'tenant-' || (n / 10 % 10) else '${TENANT}' end`;
  const caller = `case when n % 2 = 0 then '${CALLER}' else 'key:' || (n % 1000) end`;
  const hot = "n % 10 = 2";
  const account = `case when ${hot} then '${ACCOUNT}' else 'wallet-' || (n * 48271 % 1000003) || '.test' end`;
  const state = `case when ${failed} then 'FAILED' else 'SUCCEEDED' end`;
  const ends = `'submission.ended', 'relay', ${at}, '{"submission":"' || ${id} || '","state":"SUCCEEDED","gas":"2428000000000","tokens_burnt":"242800000000000000000","deposit":"1","user":"user:1"}'`;
  const accepted = `'submission.accepted', '${CALLER}', ${at}, '{"submission":"' || ${id} || '","receiver":"receiver.test","account":"wallet.test","policy":1}'`;
  const event = (tenant: string, what: string) =>
    `insert into audit_events (id, tenant, kind, actor, at, detail, sequence, hash)
     select ${hex8("n")} || '-${tenant}${"0".repeat(28)}', '${tenant}', ${what}, n, '${NO_HASH}'`;
  const transition = (seq: number, to: string) =>
    `insert into transitions (submission_id, seq, state, at) select ${id}, ${seq}, ${to}, ${at} + ${seq}`;
  return [
    {
      table: "submissions",
      share: 1,
      insert: `insert into submissions (id, tenant, caller, kind, state, version, network, account_id, receiver_id,
        delegate_hash, payload, expires_at_height, ordering_group, created_at, terminal_at, lane_id, nonce,
        transaction_hash, block_hash, gas_burnt, tokens_burnt, deposit, failure_reason, failure_message,
        failure_chain_error, budget_user, reserved_accounts, reserved_gas, reserved_deposit)
        select ${id}, ${tenant}, ${caller}, 'DELEGATE', ${state}, 5, '${NETWORK}', ${account}, 'receiver.test',
        ${hash(1)}, ${bytes(PAYLOAD_BYTES)}, 2000000 + n, 'group-' || (n % 100003), ${at}, ${at} + 5, ${LANE}, n,
        ${hash(2)}, ${hash(3)}, 2428000000000, '242800000000000000000', '1',
        case when ${failed} then 'EXECUTION_FAILED' end, case when ${failed} then 'it failed' end,
        case when ${failed} then '{}' end, 'user:' || (n % 100003), '0', '30000000000000', '1'`,
    },
    ...["'ACCEPTED'", "'SIGNED'", "'BROADCAST'", "'INCLUDED'", state].map((to, i) => ({
      table: "transitions",
      share: 1,
      insert: transition(i + 1, to),
    })),
    {
      table: "attempts",
      share: 1,
      insert: `insert into attempts (lane_id, nonce, submission_id, transaction_hash, signed_transaction,
        block_hash_height, signed_at)
        select ${LANE}, n, ${id}, ${hash(2)}, ${bytes(TRANSACTION_BYTES)}, 1000000 + n, ${at}`,
    },
    {
      table: "idempotency",
      share: 1,
      insert: `insert into idempotency (tenant, caller, method, key, body_hash, submission_id)
        select ${tenant}, ${caller}, 'SubmitDelegate', ${hash(4)}, ${bytes(32)}, ${id}`,
    },
    {
      table: "replay_marks",
      share: 1,
      insert: `insert into replay_marks (network, sender_id, public_key, nonce, delegate_hash, max_block_height,
        submission_id)
        select '${NETWORK}', ${account}, case when ${hot} then '${PUBLIC_KEY}' else 'ed25519:' || ${hash(5)} end, n,
        ${hash(1)}, 2000000 + n, ${id}`,
    },
    { table: "audit_events", share: 1, insert: event(TENANT, accepted) },
    { table: "audit_events", share: 1, insert: event(ARCHIVE, ends) },
    {
      table: "audit_heads",
      share: 1 / 500,
      insert: `insert into audit_heads (tenant, sequence, hash, at, public_key, signature)
        select '${ARCHIVE}', n * 500, '${NO_HASH}', ${first} + n * 500, 'ed25519:${"1".repeat(44)}', ${bytes(64)}`,
    },
    {
      table: "webhook_deliveries",
      share: 1,
      insert: `insert into webhook_deliveries (webhook_id, submission_id, state, attempts, created_at, ended_at,
        last_attempt_at, last_status, last_problem)
        select '${WEBHOOK}', ${id}, case when n < ${DEAD_OF} and n % 50 = 0 then 'DEAD' else 'DELIVERED' end, 1,
        ${at}, ${at} + 10, ${at} + 10, 200, ''`,
    },
    {
      table: "budget_use",
      share: 1 / 10,
      insert: `insert into budget_use (tenant, budget_user, period, ends_at, accounts, gas, deposit)
        select '${TENANT}', 'user:' || (n / 31), 'day:2026-10-' || (n % 31), ${first} + 86400000 + n % 31, '0',
        '2428000000000', '1'`,
    },
    {
      table: "key_operations",
      share: 1 / 1_000,
      insert: `insert into key_operations (id, network, account_id, kind, step, new_key_id, new_public_key, old_key_id,
        old_public_key, submission_id, failed_submissions, tries, problem, try_at, actor, reason, created_at, step_at,
        ended_at, version)
        select 'operation-' || n, '${NETWORK}', '${RELAYER}', 'ADD', 'DONE', 'key-' || n, 'ed25519:' || n, '', '',
        'sub_' || n, 0, 0, '', ${at}, 'admin:bench', 'bench', ${at}, ${at}, ${at}, 5`,
    },
  ];
}
