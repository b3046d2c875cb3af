export { evmAddress } from "./address.ts";
export { authorizationDigest, type EvmAuthorization } from "./authorization.ts";
export { EvmError } from "./evm-error.ts";
export { personalMessageDigest } from "./personal-message.ts";
export { readTransaction } from "./transaction.ts";
export type { EvmCall, EvmDelegation, EvmTransactionFacts } from "./transaction-facts.ts";
export { readTypedData, type TypedDataFacts } from "./typed-data.ts";
