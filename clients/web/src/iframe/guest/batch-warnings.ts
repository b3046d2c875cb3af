import type { NonDelegateAction } from "@countersign/near";
import type { Warning } from "../guest-api.ts";
import { nearText } from "./amounts.ts";
import { quotedText } from "./plain-text.ts";
import type { Batch } from "./read-batch.ts";
import { showArgs } from "./show-batch.ts";
import { warning } from "./warnings.ts";

type Call = Extract<NonDelegateAction, { kind: "FunctionCall" }>;

/** Methods of the standards, all of which move something of the account's. */
const MOVES = [
  ...["ft_transfer", "ft_transfer_call", "nft_transfer", "nft_transfer_call"],
  ...["mt_transfer", "mt_transfer_call", "mt_batch_transfer", "mt_batch_transfer_call"],
];
const APPROVES = ["nft_approve", "mt_approve"];
const HARMLESS = ["storage_deposit", "storage_withdraw", "near_deposit", "near_withdraw"];

/** What the standards have callers attach as a sign of a full-access key, in yoctoNEAR. */
const ONE_YOCTO = 1n;
/** 0.1 NEAR in yoctoNEAR: below it is what tokens ask for their storage. */
const STORAGE_BOUND = 10n ** 23n;
/** Names of methods that a warning says; more are counted. */
const MAX_NAMES = 3;

/** What the user should know about batches that are agreed to together. */
export function batchWarnings(batches: readonly Batch[]): Warning[] {
  const actions = batches.flatMap((batch) => batch.actions);
  const calls = actions.filter((action) => action.kind === "FunctionCall");
  return [
    ...actions.flatMap(actionWarnings),
    ...depositWarnings(calls),
    ...unknownMethodWarnings(calls),
    ...calls.flatMap(({ args }) => argsWarnings(args)),
  ];
}

function actionWarnings(action: NonDelegateAction): Warning[] {
  switch (action.kind) {
    case "AddKey":
      if (action.permission.kind === "FullAccess") {
        return [warning("danger", "FULL_ACCESS_KEY", "Whoever has the new key can do all that you can.")];
      }
      return [warning("caution", "ADDS_KEY", "A new key may act for your account.")];
    case "DeleteKey":
      return [warning("danger", "DELETES_KEY", "A key of your account stops working.")];
    case "DeleteAccount":
      return [warning("danger", "DELETES_ACCOUNT", "The account is deleted, and cannot come back.")];
    case "DeployContract":
      return [warning("danger", "DEPLOYS_CODE", "New code takes control of the account.")];
    case "Stake":
      return [warning("caution", "STAKES", "NEAR of the account is locked for staking.")];
    case "FunctionCall":
      return standardWarnings(action);
    default:
      return [];
  }
}

function standardWarnings({ methodName: name }: Call): Warning[] {
  if (MOVES.includes(name)) return [warning("caution", "MOVES_TOKENS", `${name} gives tokens away.`)];
  if (!APPROVES.includes(name)) return [];
  return [warning("danger", "APPROVES_SPENDER", `${name} lets another account take tokens.`)];
}

/** Of all calls together: whatever a method's name promises, a contract may keep what comes with the call. */
function depositWarnings(calls: readonly Call[]): Warning[] {
  const paying = calls.filter(({ deposit }) => deposit > ONE_YOCTO);
  const total = paying.reduce((sum, { deposit }) => sum + deposit, 0n);
  const isStorage = paying.every(({ methodName }) => methodName === "storage_deposit");
  if (paying.length === 0 || (isStorage && total < STORAGE_BOUND)) return [];
  return [warning("danger", "MOVES_TOKENS", `What it calls gets ${nearText(total)} NEAR of yours.`)];
}

/** One for all of them: every application has methods of its own. */
function unknownMethodWarnings(calls: readonly Call[]): Warning[] {
  const known = [...MOVES, ...APPROVES, ...HARMLESS];
  const unknown = calls.filter(({ methodName }) => !known.includes(methodName));
  if (unknown.length === 0) return [];
  const names = [...new Set(unknown.map(({ methodName }) => quotedText(methodName)))];
  const more = names.length - MAX_NAMES;
  const listed = `${names.slice(0, MAX_NAMES).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
  // One that also takes money is worth more than a look.
  const level = unknown.some(({ deposit }) => deposit > ONE_YOCTO) ? "danger" : "caution";
  const verb = names.length === 1 ? "does" : "do";
  return [warning(level, "UNKNOWN_METHOD", `The wallet does not know what ${listed} ${verb}.`)];
}

function argsWarnings(args: Uint8Array): Warning[] {
  if (args.length === 0 || "json" in showArgs(args)) return [];
  return [warning("caution", "UNREADABLE_DATA", "What is sent cannot be shown as fields with values.")];
}
