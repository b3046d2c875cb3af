import { createHash } from "node:crypto";
import { baseEncode } from "near-api-js";
import { isValidAccountId } from "../chain/account-id.ts";
import type {
  AccessKey,
  Action,
  DelegateAction,
  Permission,
  Signature,
  SignedTransaction,
} from "./action.ts";
import { BorshError, BorshReader } from "./borsh-reader.ts";

/** Key types of near_crypto: name, public key bytes, signature bytes (nearcore core/crypto/src/signature.rs). */
const CURVES = [
  { name: "ed25519", keyLength: 32, signatureLength: 64 },
  { name: "secp256k1", keyLength: 64, signatureLength: 65 },
] as const;

/** NEP-461: 2^30 plus the NEP's number, little-endian, ahead of a delegate action's bytes. */
const DELEGATE_PREFIX = Buffer.alloc(4);
DELEGATE_PREFIX.writeUInt32LE(2 ** 30 + 366);

/**
 * Decodes a borsh SignedTransaction (nearcore core/primitives/src/transaction.rs), strictly: no trailing bytes, account
 * ids and UTF-8 valid, no delegate action inside another (NonDelegateAction, core/primitives/src/action/delegate.rs).
 * Throws BorshError.
 */
export function decodeSignedTransaction(bytes: Uint8Array): SignedTransaction {
  const reader = new BorshReader(bytes);
  const signerId = accountId(reader);
  const publicKey = readPublicKey(reader);
  const nonce = reader.u64();
  const receiverId = accountId(reader);
  const blockHash = baseEncode(reader.bytes(32));
  const actions = reader.vec(() => readAction(reader, false));
  const hashBytes = createHash("sha256").update(reader.slice(0, reader.offset)).digest();
  const signature = readSignature(reader);
  reader.end();
  return {
    hash: baseEncode(hashBytes),
    hashBytes,
    size: bytes.length,
    signerId,
    publicKey,
    nonce,
    receiverId,
    blockHash,
    actions,
    signature,
  };
}

function accountId(reader: BorshReader): string {
  const id = reader.string();
  // AccountId's BorshDeserialize validates (near-account-id crate, src/borsh.rs).
  if (!isValidAccountId(id)) {
    throw new BorshError(`invalid value: "${id.slice(0, 128)}", not a valid account ID`);
  }
  return id;
}

function readPublicKey(reader: BorshReader): string {
  const tag = reader.u8();
  const curve = CURVES[tag];
  if (curve === undefined) throw new BorshError(`unknown key type '${tag}'`);
  return `${curve.name}:${baseEncode(reader.bytes(curve.keyLength))}`;
}

function readSignature(reader: BorshReader): Signature {
  const keyType = reader.u8();
  const curve = CURVES[keyType];
  if (curve === undefined) throw new BorshError(`unknown key type '${keyType}'`);
  return { keyType, data: reader.bytes(curve.signatureLength) };
}

function readAction(reader: BorshReader, insideDelegate: boolean): Action {
  const tag = reader.u8();
  switch (tag) {
    case 0:
      return { kind: "CreateAccount" };
    case 1:
      return { kind: "DeployContract", code: reader.vecOfBytes() };
    case 2:
      return {
        kind: "FunctionCall",
        methodName: reader.string(),
        args: reader.vecOfBytes(),
        gas: reader.u64(),
        deposit: reader.u128(),
      };
    case 3:
      return { kind: "Transfer", deposit: reader.u128() };
    case 4:
      return { kind: "Stake", stake: reader.u128(), publicKey: readPublicKey(reader) };
    case 5:
      return { kind: "AddKey", publicKey: readPublicKey(reader), accessKey: readAccessKey(reader) };
    case 6:
      return { kind: "DeleteKey", publicKey: readPublicKey(reader) };
    case 7:
      return { kind: "DeleteAccount", beneficiaryId: accountId(reader) };
    case 8:
      if (insideDelegate) throw new BorshError("DelegateAction mustn't contain a nested one");
      return readDelegate(reader);
    case 9:
      reader.vecOfBytes();
      if (reader.u8() > 1) throw new BorshError("Unexpected variant tag");
      return { kind: "DeployGlobalContract" };
    case 10:
      readGlobalContractId(reader);
      return { kind: "UseGlobalContract" };
    default:
      throw new BorshError(`Unexpected variant tag: ${tag}`);
  }
}

function readGlobalContractId(reader: BorshReader): void {
  const tag = reader.u8();
  if (tag === 0) reader.bytes(32);
  else if (tag === 1) accountId(reader);
  else throw new BorshError(`Unexpected variant tag: ${tag}`);
}

function readAccessKey(reader: BorshReader): AccessKey {
  return { nonce: reader.u64(), permission: readPermission(reader) };
}

function readPermission(reader: BorshReader): Permission {
  const tag = reader.u8();
  if (tag === 1) return { kind: "FullAccess" };
  if (tag !== 0) throw new BorshError(`Unexpected variant tag: ${tag}`);
  return {
    kind: "FunctionCall",
    allowance: reader.option(() => reader.u128()),
    receiverId: reader.string(),
    methodNames: reader.vec(() => reader.string()),
  };
}

function readDelegate(reader: BorshReader): Action {
  const start = reader.offset;
  const delegate: DelegateAction = {
    senderId: accountId(reader),
    receiverId: accountId(reader),
    actions: reader.vec(() => readAction(reader, true)),
    nonce: reader.u64(),
    maxBlockHeight: reader.u64(),
    publicKey: readPublicKey(reader),
  };
  const signedHash = createHash("sha256")
    .update(DELEGATE_PREFIX)
    .update(reader.slice(start, reader.offset))
    .digest();
  return { kind: "Delegate", delegate, signature: readSignature(reader), signedHash };
}
