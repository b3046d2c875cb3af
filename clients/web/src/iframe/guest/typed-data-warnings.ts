import type { Json } from "../api.ts";
import type { Warning } from "../guest-api.ts";
import { allowanceWarnings } from "./evm-calls.ts";
import type { ReadTypedData } from "./typed-data.ts";
import { warning } from "./warnings.ts";

/** From here on Permit2 (https://docs.uniswap.org/contracts/permit2) means an allowance without bound: its amounts have 160 bits. */
const UNLIMITED_160 = 1n << 159n;
/** Types of Permit2. */
const PERMIT2 = [
  "PermitSingle",
  "PermitBatch",
  "PermitTransferFrom",
  "PermitBatchTransferFrom",
  "PermitWitnessTransferFrom",
  "PermitBatchWitnessTransferFrom",
];
/** An order of Seaport: whoever has it takes what it offers. */
const ORDERS = ["OrderComponents", "BulkOrder"];
/** EIP-3009: a transfer that anybody may carry out. */
const TRANSFERS = ["TransferWithAuthorization", "ReceiveWithAuthorization"];
/** Transactions in the user's name: of a Safe, of forwarders (ERC-2771) and of contracts with their own. */
const FORWARDED = ["SafeTx", "ForwardRequest", "MetaTransaction"];

/** What the user should know about typed data: signatures that let others take tokens, without any transaction of the user's. */
export function typedDataWarnings({
  primaryType,
  message,
}: Pick<ReadTypedData, "primaryType" | "message">): Warning[] {
  if (ORDERS.includes(primaryType)) {
    return [warning("danger", "MOVES_TOKENS", "It is an order: whoever has it may take what it offers.")];
  }
  if (primaryType === "Permit") return permitWarnings(message);
  if (TRANSFERS.includes(primaryType)) {
    return [warning("danger", "MOVES_TOKENS", "It gives tokens away: whoever has it may carry it out.")];
  }
  if (FORWARDED.includes(primaryType)) {
    const text = "It is a transaction: whoever has it may carry it out in your name.";
    return [warning("danger", "ACTS_FOR_YOU", text)];
  }
  if (!PERMIT2.includes(primaryType)) {
    const text = `The wallet does not know what a signature of "${primaryType}" is good for.`;
    return [warning("caution", "UNKNOWN_TYPE", text)];
  }
  const spender = typeof message.spender === "string" ? message.spender : "somebody";
  return allowanceWarnings(spender, largest(message), UNLIMITED_160);
}

/** ERC-2612, and DAI's, which is for all or nothing. */
function permitWarnings({ spender, value, allowed }: ReadTypedData["message"]): Warning[] {
  const who = typeof spender === "string" ? spender : "somebody";
  if (typeof allowed === "boolean") return allowanceWarnings(who, allowed ? 1n : 0n, 1n);
  return allowanceWarnings(who, typeof value === "string" && /^\d+$/.test(value) ? BigInt(value) : 1n);
}

/** The largest field "amount" in a permit, wherever it stands; 1 where there is none. */
function largest(value: Json): bigint {
  if (typeof value !== "object" || value === null) return 1n;
  return Object.entries(value).reduce((most, [name, inner]) => {
    const amount = name === "amount" && /^\d+$/.test(String(inner)) ? BigInt(String(inner)) : largest(inner);
    return amount > most ? amount : most;
  }, 1n);
}
