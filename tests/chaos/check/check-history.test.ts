import { describe, expect, it } from "vitest";
import type {
  AuditLog,
  Call,
  Cost,
  History,
  LandedTransaction,
  StoredAttempt,
  StoredBudget,
  StoredKey,
  StoredSubmission,
  StoredTransition,
} from "../history.ts";
import { checkHistory } from "./check-history.ts";

type Mutable = {
  -readonly [K in keyof History]: History[K] extends readonly (infer E)[]
    ? Writable<E>[]
    : Writable<History[K]>;
};
type Writable<T> = { -readonly [K in keyof T]: T[K] };

const COST: Cost = { gasBurnt: 5n, tokensBurnt: 500n, deposit: 7n };
const KEY = "ed25519:lane-1";

function call(name: string, changes: Partial<Call> = {}): Writable<Call> {
  const end = { kind: "accepted", submissionId: name, state: "ACCEPTED" } as const;
  return {
    ...{ tenant: "acme", method: "SubmitDelegate", idempotencyKey: `key-${name}`, body: `body-${name}` },
    ...{ order: "wallet", meant: "success", mayBeRefused: [], unanswered: 0, end },
    ...changes,
  };
}

function submission(id: string, changes: Partial<StoredSubmission> = {}): Writable<StoredSubmission> {
  return {
    ...{ id, tenant: "acme", kind: "DELEGATE", state: "SUCCEEDED", accountId: "alice.test" },
    ...{ delegateHash: `delegate-${id}`, transactionHash: `tx-${id}`, failureReason: null },
    ...{
      expiresAtHeight: 10_000n,
      createdAt: new Date("2026-03-31T12:00:00Z"),
      cost: COST,
      budgetUser: "bob",
    },
    ...changes,
  };
}

function life(id: string, ...states: string[]): StoredTransition[] {
  return states.map((state, i) => ({ submissionId: id, seq: i + 1, state }));
}

function attempt(id: string, nonce: bigint, hash = `tx-${id}`): Writable<StoredAttempt> {
  return { submissionId: id, publicKey: KEY, nonce, hash };
}

function landing(
  id: string,
  nonce: bigint,
  changes: Partial<LandedTransaction> = {},
): Writable<LandedTransaction> {
  const place = { publicKey: KEY, nonce, hash: `tx-${id}` };
  return { ...place, ...COST, carried: `delegate delegate-${id}`, succeeded: true, ...changes };
}

function key(id: string): Writable<StoredKey> {
  return { tenant: "acme", method: "SubmitDelegate", key: `key-${id}`, submissionId: id };
}

/** Two delegates of one wallet that succeeded, and one whose time passed before it was signed. */
function history(): Mutable {
  const landed = [landing("a", 1n), landing("b", 2n)];
  const used = { accounts: 0n, gas: 10n, deposit: 14n };
  const budgets = ["", "bob"].flatMap((user) =>
    ["day:2026-03-31", "month:2026-03"].map((period) => ({ tenant: "acme", user, period, ...used })),
  );
  return {
    calls: [call("a"), call("b"), call("c", { order: null, meant: "any" })],
    submissions: [
      submission("a"),
      submission("b"),
      submission("c", { state: "REJECTED", transactionHash: null, expiresAtHeight: 50n, cost: null }),
    ],
    transitions: [
      ...life("a", "ACCEPTED", "SIGNED", "BROADCAST", "INCLUDED", "SUCCEEDED"),
      ...life("b", "ACCEPTED", "SIGNED", "SUCCEEDED"),
      ...life("c", "ACCEPTED", "REJECTED"),
    ],
    attempts: [attempt("a", 1n), attempt("b", 2n)],
    idempotency: [key("a"), key("b"), key("c")],
    budgets: budgets as Writable<StoredBudget>[],
    audits: [{ tenant: "acme", problem: undefined, accepted: ["a", "b", "c"], ended: ["c", "a", "b"] }],
    landed,
    sent: landed.map(({ publicKey, nonce, hash }) => ({ publicKey, nonce, hash })),
    chain: { height: 100n, relayersPaid: 1_014n },
  };
}

/** Gives "a" another life. */
function relive(of: Mutable, ...states: string[]): void {
  const others = of.transitions.filter(({ submissionId }) => submissionId !== "a");
  of.transitions = [...life("a", ...states), ...others];
}

function problemsOf(of: History): string[] {
  return checkHistory(of).flatMap(({ problems }) => problems);
}

/** The element that a test changes. */
function the<T>(list: readonly T[], place: number): T {
  const element = list[place];
  if (element === undefined) throw new Error("there is no such element");
  return element;
}

type Break = (broken: Mutable) => unknown;
const log = (broken: Mutable): Writable<AuditLog> => the(broken.audits, 0);

const BREACHES: readonly (readonly [what: string, breakIt: Break, problem: string])[] = [
  [
    "an accepted submission is gone",
    (h) => h.submissions.shift(),
    "accepted as a, which the ledger does not have",
  ],
  [
    "a repeated call gets another submission",
    (h) => h.calls.push(call("a", { end: { kind: "accepted", submissionId: "b", state: "SIGNED" } })),
    "was answered with a, and then with b",
  ],
  [
    "a caller gets another tenant's",
    (h) => {
      the(h.submissions, 0).tenant = "globex";
    },
    "another tenant's a",
  ],
  [
    "a caller was told an end that is not its end",
    (h) => Object.assign(the(h.calls, 0).end, { state: "FAILED" }),
    "was told that a is FAILED",
  ],
  [
    "a valid call is refused",
    (h) => h.calls.push(call("d", { end: { kind: "refused", reason: "INTERNAL" } })),
    "was refused with INTERNAL",
  ],
  [
    "an invalid call is accepted",
    (h) => {
      the(h.calls, 2).meant = "refusal";
    },
    "was accepted, and is not valid",
  ],
  [
    "a call is never answered",
    (h) => h.calls.push(call("d", { end: { kind: "unanswered", why: "gone" } })),
    "had no answer",
  ],
  [
    "a refused call is taken on all the same",
    (h) => {
      const refused = { kind: "refused", reason: "BUDGET_EXHAUSTED" } as const;
      the(h.calls, 2).end = refused;
      the(h.calls, 2).mayBeRefused = ["BUDGET_EXHAUSTED"];
    },
    "was refused, and the ledger has it as c",
  ],
  [
    "a key stands for another submission",
    (h) => {
      the(h.idempotency, 0).submissionId = "c";
    },
    "stands for c",
  ],
  ["the ledger has what nobody asked for", (h) => h.calls.splice(2), "nobody asked for c"],

  [
    "a submission has no end",
    (h) => Object.assign(the(h.submissions, 0), { state: "INCLUDED" }),
    "has no end",
  ],
  [
    "a state goes back",
    (h) => relive(h, "ACCEPTED", "SIGNED", "INCLUDED", "BROADCAST", "SUCCEEDED"),
    "a went from INCLUDED to BROADCAST",
  ],
  [
    "a state follows an end",
    (h) => h.transitions.push({ submissionId: "a", seq: 6, state: "FAILED" }),
    "a went from SUCCEEDED to FAILED",
  ],
  [
    "two writers take the same place in the log",
    (h) => h.transitions.push({ submissionId: "a", seq: 2, state: "SIGNED" }),
    "has state number 2 in the place of number 3",
  ],
  [
    "a submission is signed again without another transaction",
    (h) => relive(h, "ACCEPTED", "SIGNED", "SIGNED", "SUCCEEDED"),
    "SIGNED 2 times and has 1 transactions",
  ],
  [
    "one is given up before its time",
    (h) => {
      the(h.submissions, 2).expiresAtHeight = 5_000n;
    },
    "its time was not over",
  ],
  [
    "a good one fails",
    (h) => {
      the(h.submissions, 1).state = "FAILED";
      the(h.transitions, 7).state = "FAILED";
      the(h.landed, 1).succeeded = false;
    },
    "nothing was wrong with what it carried",
  ],

  [
    "one lands twice",
    (h) => {
      h.attempts.push(attempt("a", 3n, "tx-again"));
      h.landed.push(landing("a", 3n, { hash: "tx-again" }));
    },
    "a landed 2 times",
  ],
  [
    "one delegate lands for two submissions",
    (h) => {
      the(h.landed, 1).carried = "delegate delegate-a";
    },
    "delegate delegate-a landed twice",
  ],
  ["SUCCEEDED never landed", (h) => h.landed.shift(), "a is SUCCEEDED and never landed"],
  [
    "REJECTED landed",
    (h) => {
      h.attempts.push(attempt("c", 3n));
      h.landed.push(landing("c", 3n));
    },
    "c is REJECTED and landed",
  ],
  [
    "what landed belongs to nobody",
    (h) => h.landed.push(landing("x", 9n)),
    "tx-x landed, and no submission has it",
  ],
  [
    "the outcome is another",
    (h) => {
      the(h.landed, 0).succeeded = false;
    },
    "a is SUCCEEDED, and on the chain it failed",
  ],
  [
    "another transaction is named",
    (h) => {
      the(h.submissions, 0).transactionHash = "tx-other";
    },
    "and names tx-other",
  ],

  [
    "a nonce is signed for two bodies",
    (h) => h.attempts.push(attempt("c", 1n, "tx-c")),
    `nonce 1 of ${KEY} carries tx-a, and stored was tx-c`,
  ],
  [
    "a nonce is sent with two bodies",
    (h) => h.sent.push({ publicKey: KEY, nonce: 2n, hash: "tx-other" }),
    `nonce 2 of ${KEY} carries tx-b, and sent was tx-other`,
  ],
  [
    "something is sent that is not stored",
    (h) => h.sent.push({ publicKey: KEY, nonce: 8n, hash: "tx-unknown" }),
    "tx-unknown was sent, and the ledger does not have it",
  ],

  [
    "a submission says another cost",
    (h) => {
      the(h.submissions, 0).cost = { ...COST, gasBurnt: 6n };
    },
    "a says that it cost 6 gas",
  ],
  [
    "a reservation is never given back",
    (h) => {
      the(h.budgets, 0).gas += 30n;
    },
    "the budget of acme for day:2026-03-31 has used",
  ],
  [
    "a user's budget is not counted",
    (h) => h.budgets.pop(),
    "the budget of acme's bob for month:2026-03 has used 0",
  ],
  [
    "a relayer pays for more",
    (h) => Object.assign(h.chain, { relayersPaid: 1_015n }),
    "relayers paid 1015 yocto, and what landed cost 1014",
  ],

  [
    "the log is altered",
    (h) => Object.assign(log(h), { problem: "line 3" }),
    "the log of acme is altered: line 3",
  ],
  [
    "an end is not in the log",
    (h) => Object.assign(log(h), { ended: ["a", "b"] }),
    'says "ended" of c 0 times',
  ],
  [
    "an acceptance is in the log twice",
    (h) => Object.assign(log(h), { accepted: ["a", "a", "b", "c"] }),
    'says "accepted" of a 2 times',
  ],
  ["a tenant has no log", (h) => h.audits.pop(), "acme has no audit log"],

  ["a later one overtakes", (h) => h.landed.reverse(), "b landed before a"],
];

describe("the checker", () => {
  it("finds nothing in a history in which every promise is kept", () => {
    expect(problemsOf(history())).toEqual([]);
  });

  it("lets a refused call be in the ledger when one of its tries had no answer", () => {
    const late = history();
    const end = { kind: "refused", reason: "BUDGET_EXHAUSTED" } as const;
    late.calls[2] = call("c", { order: null, unanswered: 1, mayBeRefused: ["BUDGET_EXHAUSTED"], end });
    expect(problemsOf(late)).toEqual([]);
  });

  it("lets a transaction be replaced by another under a higher nonce", () => {
    const replaced = history();
    relive(replaced, "ACCEPTED", "SIGNED", "BROADCAST", "SIGNED", "SUCCEEDED");
    replaced.attempts.push(attempt("a", 0n, "tx-dead"));
    replaced.sent.push({ publicKey: KEY, nonce: 0n, hash: "tx-dead" });
    expect(problemsOf(replaced)).toEqual([]);
  });

  it.each(BREACHES)("finds that %s", (_, breakIt, problem) => {
    const broken = history();
    breakIt(broken);
    expect(problemsOf(broken).join("\n")).toContain(problem);
  });
});
