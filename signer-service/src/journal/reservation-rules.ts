import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { fromHex, toHex } from "../chain/hash-text.ts";
import type { KeyState } from "../keys/key-records.ts";
import { finishesReserved, takesNew } from "../keys/key-states.ts";
import { addTo, type DailyTotals } from "./daily-totals.ts";
import type { JournalAnswer, JournalRequest } from "./journal.ts";

/** How far above the floor, or above the highest nonce of the journal, a nonce may be. */
export const NONCE_REACH = 1_000_000n;

/** What the rules look at of a key's record. `highest` and `today` move on while a call is answered. */
export interface KeyStanding {
  readonly keyId: string;
  readonly network: string;
  readonly accountId: string;
  readonly state: KeyState;
  readonly pauseReason: string | null;
  readonly floor: bigint | null;
  highest: bigint | null;
  today: DailyTotals;
}

/** The payload that a nonce of a key belongs to. */
export interface LiveEntry {
  /** Undefined for an entry of the call that is being answered. */
  readonly sequence: bigint | undefined;
  readonly payloadHash: string;
  /** Hexadecimal digits; null until the signature is made. */
  readonly signature: string | null;
}

/** An entry that is to be written; a repair names what it takes the place of, and its grant. */
export interface NewReservation {
  readonly request: JournalRequest;
  readonly repairs: { readonly sequence: bigint; readonly grantId: string } | null;
}

/** What the store holds about the requests of one call. The rules move it on with every request that they let in. */
export interface JournalView {
  /** Ids of the grants, in hexadecimal digits, that this call is the first to present. */
  readonly freshGrants: Set<string>;
  /** By public key. */
  readonly keys: ReadonlyMap<string, KeyStanding>;
  /** By `entryKey`. */
  readonly entries: Map<string, LiveEntry>;
  /** The id of an admin grant that lets another payload take the entry's place, or undefined. Each is given once. */
  takeRepair(request: JournalRequest, oldPayloadHash: string): string | undefined;
}

/** What finds an entry: its key and nonce. */
export function entryKey(publicKey: string, nonce: bigint): string {
  return `${publicKey} ${nonce}`;
}

/** Answers one request; what is to be written for it goes to `added`. */
export function decide(view: JournalView, request: JournalRequest, added: NewReservation[]): JournalAnswer {
  // A grant that was presented is used up, whatever comes of it.
  if (request.grant !== null && !view.freshGrants.delete(toHex(request.grant.id))) {
    return refused(ErrorReason.SIGNER_GRANT_USED, "the grant was used before");
  }
  const key = view.keys.get(request.publicKey);
  if (key === undefined || !isOf(key, request)) {
    return refused(ErrorReason.SIGNER_KEY_NOT_FOUND, `the journal does not know the key ${request.keyId}`);
  }
  if (key.pauseReason !== null) {
    return refused(ErrorReason.SIGNER_KEY_PAUSED, `the key ${key.keyId} is paused: ${key.pauseReason}`);
  }
  const existing = view.entries.get(entryKey(request.publicKey, request.nonce));
  if (existing === undefined) return decideNew(view, key, request, null, added);
  if (existing.payloadHash === toHex(request.payloadHash)) return decideAgain(key, request, existing);
  const { sequence } = existing;
  const grantId = sequence === undefined ? undefined : view.takeRepair(request, existing.payloadHash);
  if (sequence === undefined || grantId === undefined) {
    const message = `nonce ${request.nonce} of the key ${key.keyId} belongs to another transaction`;
    return refused(ErrorReason.SIGNER_NONCE_CONFLICT, message);
  }
  return decideNew(view, key, request, { sequence, grantId }, added);
}

/** The same payload once more: a call whose answer was lost. */
function decideAgain(key: KeyStanding, request: JournalRequest, existing: LiveEntry): JournalAnswer {
  if (existing.signature !== null) {
    return { kind: "signed", signature: fromHex(existing.signature) };
  }
  if (!finishesReserved(key.state)) return notActive(key);
  // A restored store may have forgotten a repair: what it holds unsigned is signed once the chain was asked.
  return outOfReach(key, request.nonce) ?? { kind: "reserved" };
}

function decideNew(
  view: JournalView,
  key: KeyStanding,
  request: JournalRequest,
  repairs: NewReservation["repairs"],
  added: NewReservation[],
): JournalAnswer {
  const { nonce, publicKey } = request;
  if (!takesNew(key.state)) return notActive(key);
  const refusal = outOfReach(key, nonce) ?? beyondTheDay(key, request);
  if (refusal !== null) return refusal;
  key.today = addTo(key.today, request);
  if (key.highest === null || nonce > key.highest) key.highest = nonce;
  const payloadHash = toHex(request.payloadHash);
  view.entries.set(entryKey(publicKey, nonce), { sequence: undefined, payloadHash, signature: null });
  added.push({ request, repairs });
  return { kind: "reserved" };
}

function outOfReach({ keyId, floor, highest }: KeyStanding, nonce: bigint): JournalAnswer | null {
  if (floor === null) {
    const message = `the journal is locked for the key ${keyId} until its nonce is read from the chain`;
    return refused(ErrorReason.SIGNER_JOURNAL_LOCKED, message);
  }
  if (nonce <= floor) {
    const message = `nonce ${nonce} of the key ${keyId} is used: the chain was at ${floor}`;
    return refused(ErrorReason.SIGNER_NONCE_TOO_LOW, message);
  }
  const reach = (highest !== null && highest > floor ? highest : floor) + NONCE_REACH;
  if (nonce > reach) {
    const message = `nonce ${nonce} of the key ${keyId} is above ${reach}, the highest it may have now`;
    return refused(ErrorReason.SIGNER_NONCE_TOO_HIGH, message);
  }
  return null;
}

function beyondTheDay({ keyId, today }: KeyStanding, request: JournalRequest): JournalAnswer | null {
  const { deposit, depositPerDay, gas, gasPerDay } = request;
  // What moves nothing goes on, also where the bound was lowered below what was moved.
  if (deposit > 0n && today.deposit + deposit > depositPerDay) {
    const message = `the key ${keyId} may move ${depositPerDay} yoctoNEAR in a day, and has moved ${today.deposit}`;
    return refused(ErrorReason.SIGNER_DAILY_DEPOSIT_EXHAUSTED, message);
  }
  if (today.gas + gas > gasPerDay) {
    const message = `the key ${keyId} may use ${gasPerDay} gas in a day: ${today.gas} are used, ${gas} more are asked for`;
    return refused(ErrorReason.SIGNER_DAILY_GAS_EXHAUSTED, message);
  }
  return null;
}

function isOf(key: KeyStanding, request: JournalRequest): boolean {
  return (
    key.keyId === request.keyId && key.network === request.network && key.accountId === request.accountId
  );
}

function notActive({ keyId, state }: KeyStanding): JournalAnswer {
  return refused(ErrorReason.SIGNER_KEY_NOT_ACTIVE, `the key ${keyId} is ${state.toLowerCase()}`);
}

function refused(reason: ErrorReason, message: string): JournalAnswer {
  return { kind: "refused", reason, message };
}
