import type { KeyState } from "./key-records.ts";

/** The states that a key may be moved to each state from. It never goes back: what was drained once stays so. */
const FROM: Readonly<Record<KeyState, readonly KeyState[]>> = {
  PENDING: [],
  ACTIVE: ["PENDING"],
  DRAINED: ["ACTIVE"],
  RETIRED: ["PENDING", "DRAINED"],
};

/** Whether a key may go from one state to the other in one step. */
export function canMove(from: KeyState, to: KeyState): boolean {
  return FROM[to].includes(from);
}

/** Whether the key takes new payloads. */
export function takesNew(state: KeyState): boolean {
  return state === "ACTIVE";
}

/** Whether a payload that was reserved, and not signed yet, may still be signed. */
export function finishesReserved(state: KeyState): boolean {
  return state === "ACTIVE" || state === "DRAINED";
}

/** The state of a stored text. Throws TypeError for what is none. */
export function parseKeyState(text: string): KeyState {
  if (Object.hasOwn(FROM, text)) return text as KeyState;
  throw new TypeError(`there is no key state ${text}`);
}
