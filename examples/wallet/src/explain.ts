import { Code, CountersignError, type ErrorReasonName } from "@countersign/web";
import { BaseError, InsufficientFundsError } from "viem";
import { SubmissionError } from "./submission-error.ts";

/** What went wrong, in words for users, and what they can do about it. */
export interface Explanation {
  readonly what: string;
  readonly next: string;
  /** For whoever is asked for help: an id, or the original words. */
  readonly detail?: string;
}

type Words = readonly [what: string, next: string];

const TRY_AGAIN = "Try again in a moment.";
const SIGN_IN = "Sign in again.";
const NOTHING_SENT = "Nothing was sent. Try again.";
const ASK_OPERATOR = "Ask whoever runs this wallet.";

/** By reason, as `ErrorReason` has them. */
const REASONS: Readonly<Partial<Record<ErrorReasonName, Words>>> = {
  CREDENTIALS_MISSING: ["You are signed out.", SIGN_IN],
  CREDENTIALS_INVALID: ["The relay does not take this session.", SIGN_IN],
  CREDENTIALS_EXPIRED: ["Your session has expired.", SIGN_IN],
  CREDENTIALS_REVOKED: ["Your session was ended.", SIGN_IN],
  REFRESH_TOKEN_INVALID: ["Your session has ended.", SIGN_IN],
  REFRESH_TOKEN_REUSED: [
    "Your session was ended: somebody used a copy of it.",
    "Sign in again, and look through your identities.",
  ],
  SESSION_NOT_FRESH: [
    "This needs a sign-in of the last minutes.",
    "Confirm with your passkey, then try again.",
  ],
  SCOPE_MISSING: ["Your account may not do this.", ASK_OPERATOR],
  TENANT_DISABLED: ["This wallet is switched off at the relay.", ASK_OPERATOR],
  ORIGIN_NOT_ALLOWED: ["The relay does not know this page.", "Check the address in your browser."],
  PAUSED: ["An operator has paused this.", "Try again later."],
  RATE_LIMITED: ["That was too often.", "Wait a little, then try again."],
  OVERLOADED: ["The relay is busy.", TRY_AGAIN],
  QUEUE_FULL: ["The relay is busy.", TRY_AGAIN],
  DEADLINE_EXCEEDED: ["The relay took too long.", "Look at the activity before you repeat it."],
  SHUTTING_DOWN: ["The relay restarts.", TRY_AGAIN],
  LEDGER_UNAVAILABLE: ["The relay cannot work at the moment.", TRY_AGAIN],
  SIGNER_UNAVAILABLE: ["The signer does not answer.", TRY_AGAIN],
  SIGNER_STORE_UNAVAILABLE: ["The signer cannot work at the moment.", TRY_AGAIN],
  SHARED_STATE_UNAVAILABLE: ["The relay cannot work at the moment.", TRY_AGAIN],
  CHAIN_UNAVAILABLE: ["NEAR does not answer.", TRY_AGAIN],
  RELAYER_BALANCE_LOW: ["The relay has run out of money.", "Try again later."],
  BUDGET_EXHAUSTED: ["Today's budget is used up.", "Try again tomorrow."],
  SIGNER_DAILY_GAS_EXHAUSTED: ["Today's budget is used up.", "Try again tomorrow."],
  SIGNER_DAILY_DEPOSIT_EXHAUSTED: ["Today's budget is used up.", "Try again tomorrow."],

  ACCOUNT_NAME_INVALID: ["NEAR does not take this name.", "Choose another one."],
  ACCOUNT_SUFFIX_NOT_ALLOWED: ["The relay makes no accounts of this name.", "Choose another one."],
  POLICY_ACCOUNT_NOT_ALLOWED: ["The relay makes no accounts of this name.", "Choose another one."],
  ACCOUNT_EXISTS: ["This name is taken.", "Choose another one."],
  ACCOUNT_VETOED: ["This name is reserved.", "Choose another one."],
  ACCOUNT_CREATION_DISABLED: ["The relay makes no accounts.", ASK_OPERATOR],

  SENDER_NOT_FOUND: ["Your account is not on the chain.", "Create it first."],
  ACCESS_KEY_NOT_FOUND: [
    "Your account does not have this key any more.",
    "Sign in with the passkey that has it.",
  ],
  DELEGATE_EXPIRED: ["It took too long until the relay got it.", NOTHING_SENT],
  DELEGATE_NONCE_TOO_LOW: ["Something else was sent at the same time.", NOTHING_SENT],
  DELEGATE_REPLAYED: ["The relay has this already.", "Look at the activity."],
  DELEGATE_DEPOSIT_TOO_HIGH: ["That is more than the relay pays.", "Choose a smaller amount."],
  POLICY_DEPOSIT_TOO_HIGH: ["That is more than the relay pays.", "Choose a smaller amount."],
  POLICY_RECEIVER_NOT_ALLOWED: ["The relay sends nothing to this receiver.", "Choose another one."],
  POLICY_METHOD_NOT_ALLOWED: ["The relay does not pay for this call.", ASK_OPERATOR],
  POLICY_ACTION_NOT_ALLOWED: ["The relay does not pay for this.", ASK_OPERATOR],
  POLICY_GAS_TOO_HIGH: ["That is more gas than the relay pays.", "Ask for less."],
  POLICY_NOT_GRANTED: ["The relay does not pay for this.", ASK_OPERATOR],
  EXECUTION_FAILED: [
    "The chain carried it out, and it failed there.",
    "Check what you sent, for example the receiver.",
  ],
  TRANSACTION_REFUSED: ["The chain refused it.", "Check what you sent."],
  SUBMISSION_EXPIRED: ["It did not reach the chain in time.", NOTHING_SENT],
  SIGNER_REFUSED: ["The relay's signer refused it.", ASK_OPERATOR],

  WEBAUTHN_RESPONSE_INVALID: [
    "The relay does not take this passkey's answer.",
    "Try again, or use another passkey.",
  ],
  USER_VERIFICATION_MISSING: [
    "Your passkey did not check that it is you.",
    "Use a PIN, a fingerprint or your face.",
  ],
  PASSKEY_EXISTS: ["This device has a passkey of yours already.", "Sign in with it, or use another device."],
  PASSKEY_NOT_FOUND: ["The relay does not know this passkey.", "Use another one, or create an account."],
  PASSKEY_COUNTER_WENT_BACK: ["This passkey may have been copied.", "Use another one, and unlink this one."],
  CHALLENGE_INVALID: ["That took too long.", "Begin again."],
  THRESHOLD_CHALLENGE_INVALID: ["That took too long.", "Begin again."],
  ASSERTION_INVALID: [
    "The signer does not take this passkey's answer.",
    "Use the passkey that made the key.",
  ],

  IDENTITY_LINKED_ELSEWHERE: [
    "This account belongs to another user of this wallet.",
    "Connect it again to merge both.",
  ],
  IDENTITY_IS_LAST: ["This is the only way in which you sign in.", "Add another one first."],
  IDENTITY_NOT_FOUND: ["This was taken away already.", "Load the page again."],
  IDENTITY_PROVIDER_UNAVAILABLE: ["The identity provider does not answer.", TRY_AGAIN],
  IDENTITY_PROVIDER_NOT_FOUND: ["The relay does not know this identity provider.", ASK_OPERATOR],
  ID_TOKEN_INVALID: ["The identity provider's answer was not right.", "Try again."],
  MERGE_PROOF_INVALID: ["The proof of the other user is too old.", "Connect the account once more."],

  THRESHOLD_DISABLED: ["The relay serves no keys like this.", ASK_OPERATOR],
  THRESHOLD_KEY_NOT_FOUND: ["This browser has no key of the account.", "Sign in with the account's passkey."],
  THRESHOLD_KEY_EXISTS: ["The key belongs to somebody else already.", "Choose another account name."],
  THRESHOLD_SESSION_EXPIRED: [
    "Your permission to sign has expired.",
    "Try again, and confirm with your passkey.",
  ],
  THRESHOLD_SESSION_EXHAUSTED: [
    "Your permission to sign is used up.",
    "Try again, and confirm with your passkey.",
  ],
  EVM_POLICY_DENIED: [
    "The signer signs nothing like this.",
    "Choose something smaller, or another receiver.",
  ],
  PRESIGN_BUSY: ["The signer is busy.", TRY_AGAIN],
  PRESIGN_BUDGET_EXHAUSTED: ["Today's signatures are used up.", "Try again tomorrow."],
  EXPORT_DISABLED: ["The signer gives out no keys.", ASK_OPERATOR],
  PRESIGNATURE_POOL_EMPTY: ["There is no prepared signature yet.", TRY_AGAIN],
  LOCK_DISABLED: ["This relay takes off no locks.", "Your passkey opens the wallet."],
  LOCK_KEY_UNKNOWN: ["The relay has another lock by now.", "Your passkey opens the wallet."],
};

/** By code, for errors without a reason. */
const CODES: Readonly<Partial<Record<Code, Words>>> = {
  [Code.PermissionDenied]: [
    "The passkey was not confirmed.",
    "Try again; if it keeps failing, the passkey may be on another device, or another user's.",
  ],
  [Code.Canceled]: ["Cancelled.", "Nothing was done."],
  [Code.Unavailable]: ["The relay cannot be reached.", "Check your connection, then try again."],
  [Code.DataLoss]: [
    "An answer was not what it has to be, and was not used.",
    "Nothing was signed. If it happens again, tell whoever runs this wallet.",
  ],
  [Code.FailedPrecondition]: ["This does not work on this device.", "Use a passkey with the PRF extension."],
};

/** In words for users. What nobody has words for is shown as it is, with the id under which the relay logged it. */
export function explain(thrown: unknown): Explanation {
  if (thrown instanceof CountersignError) return ofRelay(thrown);
  if (thrown instanceof BaseError) return ofEvm(thrown);
  if (thrown instanceof SubmissionError) return ofSubmission(thrown);
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return { what: "That did not work.", next: TRY_AGAIN, detail: message };
}

function ofSubmission({ reason, message }: SubmissionError): Explanation {
  const [what, next] = REASONS[reason] ?? ["The relay could not carry it out.", "Look at the activity."];
  return { what, next, detail: message };
}

function ofRelay({ reason, code, message, requestId }: CountersignError): Explanation {
  const words = reason === "UNSPECIFIED" ? CODES[code] : REASONS[reason];
  const request = requestId === undefined ? [] : [`Request ${requestId}`];
  if (words === undefined) {
    return { what: "That did not work.", next: TRY_AGAIN, detail: [message, ...request].join(" · ") };
  }
  const [what, next] = words;
  return { what, next, ...(request[0] === undefined ? {} : { detail: request[0] }) };
}

function ofEvm(error: BaseError): Explanation {
  const relay = error.walk((cause) => cause instanceof CountersignError);
  if (relay instanceof CountersignError) return ofRelay(relay);
  if (error.walk((cause) => cause instanceof InsufficientFundsError) !== null) {
    return { what: "Your address holds too little.", next: "Choose a smaller amount, or get coins first." };
  }
  return { what: "The chain refused it.", next: NOTHING_SENT, detail: error.shortMessage };
}
