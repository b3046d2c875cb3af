export { isValidAccountId, parentAccountId } from "./account-id.ts";
export {
  type AccessKeyPermission,
  attachedDeposit,
  attachedGas,
  type NonDelegateAction,
  TooManyActionsError,
  UnsupportedActionError,
} from "./actions.ts";
export { BorshError } from "./borsh.ts";
export {
  type DelegateAction,
  decodeDelegateAction,
  decodeSignedDelegate,
  delegateHash,
  encodeDelegateAction,
  encodeSignedDelegate,
  NestedDelegateError,
  type SignedDelegate,
} from "./delegate.ts";
export {
  formatPublicKey,
  isPublicKey,
  type KeyType,
  type PublicKey,
  PublicKeyError,
  parsePublicKey,
  type Signature,
} from "./keys.ts";
export { nep413Hash } from "./message.ts";
export {
  type Action,
  attachSignature,
  decodeSignedTransaction,
  decodeTransaction,
  encodeTransaction,
  type SignedTransaction,
  type Transaction,
  transactionHash,
} from "./transaction.ts";
