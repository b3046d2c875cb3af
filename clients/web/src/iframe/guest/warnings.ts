import type { Warning, WarningCode } from "../guest-api.ts";

/** What a user reads first: lower is worse. */
const WEIGHTS: Readonly<Record<WarningCode, number>> = {
  FULL_ACCESS_KEY: 0,
  DELETES_ACCOUNT: 1,
  DEPLOYS_CODE: 2,
  UNLIMITED_APPROVAL: 3,
  ACTS_FOR_YOU: 4,
  BLIND_DIGEST: 5,
  APPROVES_SPENDER: 6,
  MOVES_TOKENS: 7,
  OTHER_RECIPIENT: 8,
  DELETES_KEY: 9,
  CREATES_CONTRACT: 10,
  UNKNOWN_METHOD: 11,
  UNKNOWN_TYPE: 12,
  UNREADABLE_DATA: 13,
  ADDS_KEY: 14,
  STAKES: 15,
  HIDDEN_CHARACTERS: 16,
};

export function warning(level: Warning["level"], code: Warning["code"], text: string): Warning {
  return { level, code, text };
}

/** Each once, those of danger first and the worst of them before all: an application chooses how many there are. */
export function inOrder(warnings: readonly Warning[]): readonly Warning[] {
  const once = warnings.filter((one, i) => i === warnings.findIndex(({ text }) => text === one.text));
  const rank = ({ level, code }: Warning) => (level === "danger" ? 0 : 100) + WEIGHTS[code];
  return once.sort((one, other) => rank(one) - rank(other));
}
