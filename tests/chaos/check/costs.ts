import type { Cost, History, StoredBudget, StoredSubmission } from "../history.ts";

/** What submissions say that they cost, and what budgets say that is used, is what the chain took: exactly. */
export function* costProblems({ submissions, landed, budgets, chain }: History): Generator<string> {
  const byHash = new Map(landed.map((transaction) => [transaction.hash, transaction]));
  const owed = new Map<string, StoredBudget>();
  for (const submission of submissions) {
    const { id, transactionHash, cost } = submission;
    const taken = transactionHash === null ? undefined : byHash.get(transactionHash);
    if (textOf(cost) !== textOf(taken ?? null)) {
      yield `${id} says that it cost ${textOf(cost)}, and the chain took ${textOf(taken ?? null)}`;
    }
    if (taken !== undefined) add(owed, submission, taken);
  }
  const used = new Map(budgets.map((budget) => [nameOf(budget), budget]));
  for (const name of new Set([...owed.keys(), ...used.keys()])) {
    const [is, should] = [amountsOf(used.get(name)), amountsOf(owed.get(name))];
    if (is !== should) yield `${name} has used ${is}, and the chain took ${should}`;
  }
  const paid = landed.reduce((sum, { tokensBurnt, deposit }) => sum + tokensBurnt + deposit, 0n);
  if (paid !== chain.relayersPaid) {
    yield `relayers paid ${chain.relayersPaid} yocto, and what landed cost ${paid}`;
  }
}

function textOf(cost: Cost | null): string {
  if (cost === null) return "nothing";
  return `${cost.gasBurnt} gas, ${cost.tokensBurnt} yocto burnt, ${cost.deposit} yocto given`;
}

/** Counts towards the tenant's and the user's budgets of the day and the month in which it was accepted, in UTC. */
function add(budgets: Map<string, StoredBudget>, submission: StoredSubmission, cost: Cost): void {
  const { tenant, budgetUser, createdAt, kind, state } = submission;
  const at = createdAt.toISOString();
  for (const user of ["", budgetUser]) {
    for (const period of [`day:${at.slice(0, 10)}`, `month:${at.slice(0, 7)}`]) {
      const name = nameOf({ tenant, user, period });
      const before = budgets.get(name);
      budgets.set(name, {
        ...{ tenant, user, period },
        accounts: (before?.accounts ?? 0n) + (kind === "CREATE_ACCOUNT" && state === "SUCCEEDED" ? 1n : 0n),
        gas: (before?.gas ?? 0n) + cost.gasBurnt,
        deposit: (before?.deposit ?? 0n) + cost.deposit,
      });
    }
  }
}

function nameOf({ tenant, user, period }: Pick<StoredBudget, "tenant" | "user" | "period">): string {
  return `the budget of ${tenant}${user === "" ? "" : `'s ${user}`} for ${period}`;
}

function amountsOf(budget: StoredBudget | undefined): string {
  return `${budget?.accounts ?? 0n} accounts, ${budget?.gas ?? 0n} gas, ${budget?.deposit ?? 0n} yocto`;
}
