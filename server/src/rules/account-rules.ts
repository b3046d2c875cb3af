import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { isValidAccountId, PublicKeyError, parentAccountId, parsePublicKey } from "@countersign/near";
import type { NearViews } from "../near/views.ts";
import type { Asker } from "./asker.ts";
import { accountExists } from "./delegate-chain-rules.ts";
import { foreignAccountRefusal, networkRefusal } from "./network.ts";
import type { Refusal, Rule } from "./rule.ts";

/** How this relay creates accounts. Balances in yoctoNEAR, gas in gas units. */
export interface AccountCreation {
  /** Endings of the names that it creates, each with its leading dot. */
  readonly suffixes: readonly string[];
  readonly initialBalance: { readonly min: bigint; readonly max: bigint; readonly default: bigint };
  /** The contract call that creates accounts; undefined for sub-accounts of a relayer's account. */
  readonly registrar: Registrar | undefined;
  /** A view method that must answer `true` to `{account_id}`. */
  readonly veto: { readonly contractId: string; readonly method: string } | undefined;
}

/** A registrar's call, as `near` on mainnet has it. */
export interface Registrar {
  readonly contractId: string;
  readonly method: string;
  readonly gas: bigint;
  /** Whether the method takes further arguments from the request. */
  readonly passesRegistrationArgs: boolean;
}

/** An account that a caller wants created. */
export interface AccountSubject {
  readonly asker: Asker;
  readonly network: string;
  readonly accountId: string;
  readonly publicKey: string;
  /** In yoctoNEAR. */
  readonly initialBalance: bigint;
  /** A JSON object, or empty. */
  readonly registrationArgs: string;
}

/** Arguments of the registrar's call that the relay sets itself. */
export const REGISTRAR_ARGUMENTS = ["new_account_id", "new_public_key"] as const;

const DISABLED: Refusal = {
  reason: ErrorReason.ACCOUNT_CREATION_DISABLED,
  message: "this relay does not create accounts",
};

/** The rules for creating an account that need the request alone. They cost nothing, so they come first. */
export function accountRequestRules(
  network: string,
  foreignSuffixes: readonly string[],
  creation: AccountCreation | undefined,
): Rule<AccountSubject>[] {
  const named: Rule<AccountSubject> = {
    name: "network",
    check: (subject) => networkRefusal(network, subject.network),
  };
  if (creation === undefined) return [named, { name: "enabled", check: () => DISABLED }];
  return [
    named,
    { name: "name", check: ({ accountId }) => nameRefusal(accountId) },
    {
      name: "account_network",
      check: ({ accountId }) => foreignAccountRefusal(foreignSuffixes, network, [accountId]),
    },
    { name: "suffix", check: ({ accountId }) => suffixRefusal(accountId, creation.suffixes) },
    { name: "public_key", check: ({ publicKey }) => publicKeyRefusal(publicKey) },
    {
      name: "initial_balance",
      check: ({ initialBalance }) => balanceRefusal(initialBalance, creation.initialBalance),
    },
    {
      name: "registration_args",
      check: ({ registrationArgs }) => argsRefusal(registrationArgs, creation.registrar),
    },
  ];
}

/** The rules for creating an account that ask the chain. They throw ChainError when it gives no usable answer. */
export function accountChainRules(
  views: NearViews,
  creation: AccountCreation | undefined,
): Rule<AccountSubject>[] {
  return [
    {
      name: "exists",
      check: async ({ accountId }) =>
        (await accountExists(views, accountId))
          ? { reason: ErrorReason.ACCOUNT_EXISTS, message: `account ${accountId} exists` }
          : undefined,
    },
    { name: "veto", check: ({ accountId }) => vetoRefusal(accountId, creation?.veto, views) },
  ];
}

/** Refuses what is no account id. */
export function nameRefusal(accountId: string): Refusal | undefined {
  return isValidAccountId(accountId)
    ? undefined
    : {
        reason: ErrorReason.ACCOUNT_NAME_INVALID,
        message: "an account name has 2 to 64 lower-case letters, digits and single separators",
      };
}

function suffixRefusal(accountId: string, suffixes: readonly string[]): Refusal | undefined {
  return suffixes.includes(`.${parentAccountId(accountId) ?? ""}`)
    ? undefined
    : {
        reason: ErrorReason.ACCOUNT_SUFFIX_NOT_ALLOWED,
        message: `an account is created as one label before ${suffixes.join(" or ")}`,
      };
}

function publicKeyRefusal(publicKey: string): Refusal | undefined {
  try {
    parsePublicKey(publicKey);
    return undefined;
  } catch (error) {
    if (!(error instanceof PublicKeyError)) throw error;
    return { reason: ErrorReason.PUBLIC_KEY_INVALID, message: error.message };
  }
}

function balanceRefusal(balance: bigint, bounds: { min: bigint; max: bigint }): Refusal | undefined {
  return balance >= bounds.min && balance <= bounds.max
    ? undefined
    : {
        reason: ErrorReason.INITIAL_BALANCE_OUT_OF_BOUNDS,
        message: `initial_balance is ${bounds.min} to ${bounds.max} yoctoNEAR`,
      };
}

function argsRefusal(args: string, registrar: Registrar | undefined): Refusal | undefined {
  if (args === "") return undefined;
  const refuse = (message: string) => ({ reason: ErrorReason.REGISTRATION_ARGS_INVALID, message });
  if (registrar?.passesRegistrationArgs !== true) return refuse("this relay takes no registration_args");
  let parsed: unknown;
  try {
    parsed = JSON.parse(args);
  } catch {
    return refuse("registration_args is not JSON");
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    return refuse("registration_args is not a JSON object");
  }
  const taken = REGISTRAR_ARGUMENTS.find((name) => Object.hasOwn(parsed, name));
  return taken === undefined ? undefined : refuse(`registration_args sets ${taken}, which the relay sets`);
}

async function vetoRefusal(
  accountId: string,
  veto: AccountCreation["veto"],
  views: NearViews,
): Promise<Refusal | undefined> {
  if (veto === undefined) return undefined;
  const answer = await views.callFunction(veto.contractId, veto.method, { account_id: accountId });
  return Buffer.from(answer).toString("utf8") === "true"
    ? undefined
    : { reason: ErrorReason.ACCOUNT_VETOED, message: `account ${accountId} may not be created` };
}
