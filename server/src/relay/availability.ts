import { Availability } from "@countersign/gen/countersign/relay/v1/relay_pb.ts";
import type { FundingState } from "../balance/balance-breaker.ts";
import type { Pause } from "../ledger/ledger.ts";

/** What GetRelayInfo tells everybody of the relayer's balance and of pauses. */
export function availability(funding: FundingState, pauses: readonly Pause[]): Availability {
  if (funding === "CLOSED" || pauses.some(({ level }) => level === "RELAY")) return Availability.CLOSED;
  const noAccounts = pauses.some(({ level, target }) => level === "METHOD" && target === "CreateAccount");
  return funding === "NO_ACCOUNTS" || noAccounts ? Availability.NO_ACCOUNTS : Availability.OPEN;
}
