import { createLogger } from "@countersign/service-kit";
import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { createEvents, type Events } from "./events.ts";
import { createMetrics } from "./metrics.ts";

function start() {
  const lines: string[] = [];
  const registry = new Registry();
  const log = createLogger("relay", "debug", { write: (line) => void lines.push(line) });
  return { events: createEvents(log, createMetrics(registry)), lines, registry };
}

const error = new Error("connection refused");
const OPERATION = { operationId: "kop_1", accountId: "relay.near", kind: "ADD" };
const TOLD: [keyof Events, (events: Events) => void, fields: object, counted: string][] = [
  [
    "submissionAccepted",
    (e) =>
      e.submissionAccepted({ submissionId: "sub_1", kind: "DELEGATE", network: "testnet", accountId: "a" }),
    { submission_id: "sub_1", kind: "DELEGATE", network: "testnet", account_id: "a" },
    'submissions_accepted_total{kind="DELEGATE"} 1',
  ],
  [
    "submissionTransition",
    (e) =>
      e.submissionTransition({
        submissionId: "sub_1",
        kind: "DELEGATE",
        from: "INCLUDED",
        to: "FAILED",
        seconds: 2,
        reason: "EXECUTION_FAILED",
      }),
    { submission_id: "sub_1", from: "INCLUDED", to: "FAILED", reason: "EXECUTION_FAILED", seconds: 2 },
    'submission_transitions_total{kind="DELEGATE",to="FAILED",reason="EXECUTION_FAILED"} 1',
  ],
  [
    "laneAcquired",
    (e) => e.laneAcquired({ laneId: "l" }),
    { lane_id: "l" },
    'lane_changes_total{change="acquired"} 1',
  ],
  [
    "laneLost",
    (e) => e.laneLost({ laneId: "l", error: new Error("lease") }),
    { lane_id: "l", err: { message: "lease" } },
    'lane_changes_total{change="lost"} 1',
  ],
  [
    "laneRetrying",
    (e) => e.laneRetrying({ laneId: "l", step: "send", error, pauseMs: 250 }),
    { lane_id: "l", step: "send", why: "connection refused", pause_ms: 250 },
    'lane_retries_total{step="send"} 1',
  ],
  [
    "laneTrouble",
    (e) => e.laneTrouble({ laneId: "4", trouble: "not-landed" }),
    { level: "warn", lane_id: "4", why: "not-landed" },
    'lane_trouble_total{kind="not-landed"} 1',
  ],
  [
    "laneStateChanged",
    (e) => e.laneStateChanged({ accountId: "relay.near", keyId: "k", from: "active", to: "key-missing" }),
    { level: "warn", account_id: "relay.near", key_id: "k", from: "active", to: "key-missing" },
    'lane_state_changes_total{to="key-missing"} 1',
  ],
  [
    "chainCallFailed",
    (e) => e.chainCallFailed({ endpoint: 1, method: "query", kind: "timeout", error }),
    { endpoint: 1, chain_method: "query", kind: "timeout" },
    'chain_failures_total{endpoint="1",method="query",kind="timeout"} 1',
  ],
  [
    "endpointChanged",
    (e) => e.endpointChanged({ endpoint: 1, breaker: "sends", to: "OPEN" }),
    { level: "warn", endpoint: 1, breaker: "sends", to: "OPEN" },
    'near_endpoint_changes_total{endpoint="1",breaker="sends",to="OPEN"} 1',
  ],
  [
    "readHedged",
    (e) => e.readHedged({ endpoint: 1, method: "query" }),
    { endpoint: 1, chain_method: "query" },
    'near_hedged_reads_total{endpoint="1",method="query"} 1',
  ],
  [
    "chainStalled",
    (e) => e.chainStalled({ height: 7n }),
    { level: "error", height: "7" },
    'chain_stalls_total{change="stalled"} 1',
  ],
  [
    "chainMoves",
    (e) => e.chainMoves({ height: 8n, seconds: 31 }),
    { level: "info", height: "8", seconds: 31 },
    'chain_stalls_total{change="moves"} 1',
  ],
  [
    "signerCallFailed",
    (e) => e.signerCallFailed({ method: "SignTransactions", code: "unavailable", error }),
    { signer_method: "SignTransactions", code: "unavailable" },
    'signer_failures_total{method="SignTransactions",code="unavailable"} 1',
  ],
  [
    "ledgerUnavailable",
    (e) => e.ledgerUnavailable({ operation: "accept", error }),
    { level: "error", operation: "accept" },
    'ledger_failures_total{operation="accept"} 1',
  ],
  [
    "keyOperationStarted",
    (e) => e.keyOperationStarted({ ...OPERATION, actor: "admin:ops" }),
    { level: "info", operation_id: "kop_1", account_id: "relay.near", kind: "ADD", actor: "admin:ops" },
    'key_operations_started_total{kind="ADD"} 1',
  ],
  [
    "keyOperationMoved",
    (e) => e.keyOperationMoved({ ...OPERATION, from: "ACTIVATING", to: "DONE" }),
    { level: "info", operation_id: "kop_1", from: "ACTIVATING", to: "DONE" },
    'key_operations_total{kind="ADD",end="DONE"} 1',
  ],
  [
    "keyOperationFailed",
    (e) => e.keyOperationFailed({ ...OPERATION, step: "ADDING", problem: "no grant" }),
    { level: "warn", operation_id: "kop_1", step: "ADDING", why: "no grant" },
    'key_operation_failures_total{kind="ADD",step="ADDING"} 1',
  ],
];

test("what may go wrong in lanes is counted from zero on", async () => {
  const metrics = await start().registry.metrics();
  for (const series of [
    'lane_trouble_total{kind="ledger-down"}',
    'lane_state_changes_total{to="key-missing"}',
  ]) {
    expect(metrics).toContain(`countersign_${series} 0`);
  }
});

test.each(TOLD)(
  "%s is one line in the log and one count in the metrics",
  async (_, tell, fields, counted) => {
    const { events, lines, registry } = start();
    tell(events);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([fields]);
    expect(await registry.metrics()).toContain(`countersign_${counted}`);
  },
);

test.each([
  ["a call that succeeded", { service: "s.S", code: "ok", reason: "" }, "info"],
  ["a call that a rule refused", { service: "s.S", code: "permission_denied", reason: "PAUSED" }, "info"],
  ["a probe", { service: "grpc.health.v1.Health", code: "ok", reason: "" }, "debug"],
  [
    "a call without credentials",
    { service: "s.S", code: "unauthenticated", reason: "CREDENTIALS_MISSING" },
    "debug",
  ],
  [
    "a call with others' credentials",
    { service: "s.S", code: "unauthenticated", reason: "CREDENTIALS_INVALID" },
    "debug",
  ],
  ["a call of nothing", { service: "s.S", code: "unimplemented", reason: "METHOD_UNKNOWN" }, "debug"],
  ["a call too many", { service: "s.S", code: "resource_exhausted", reason: "RATE_LIMITED" }, "debug"],
])("%s is counted, and a line at its level", async (_name, call, level) => {
  const { events, lines, registry } = start();
  events.rpcFinished({ ...call, method: "M", requestId: "r", seconds: 0.02 });
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ level, request_id: "r", code: call.code }]);
  const counted = `countersign_rpcs_total{service="${call.service}",method="M",code="${call.code}"`;
  expect(await registry.metrics()).toContain(`${counted},reason="${call.reason}"} 1`);
});

test("a finished call is timed by method and outcome", async () => {
  const { events, registry } = start();
  const call = { service: "s.S", method: "M", requestId: "r", code: "ok" };
  events.rpcFinished({ ...call, seconds: 0.02 });
  expect(await registry.metrics()).toContain(
    'countersign_rpc_seconds_sum{service="s.S",method="M",code="ok"} 0.02',
  );
});
