import { isValidAccountId } from "./account-id.ts";
import { BorshError, type BorshReader, type BorshWriter } from "./borsh.ts";
import { type PublicKey, readPublicKey, writePublicKey } from "./keys.ts";

/** What an access key may do (https://nomicon.io/DataStructures/AccessKey). Allowance in yoctoNEAR. */
export type AccessKeyPermission =
  | { kind: "FullAccess" }
  | { kind: "FunctionCall"; allowance: bigint | null; receiverId: string; methodNames: string[] };

/** Actions that may stand in a transaction and in a delegate. Deposits and stakes in yoctoNEAR. */
export type NonDelegateAction =
  | { kind: "CreateAccount" }
  | { kind: "DeployContract"; code: Uint8Array }
  | { kind: "FunctionCall"; methodName: string; args: Uint8Array; gas: bigint; deposit: bigint }
  | { kind: "Transfer"; deposit: bigint }
  | { kind: "Stake"; stake: bigint; publicKey: PublicKey }
  | { kind: "AddKey"; publicKey: PublicKey; nonce: bigint; permission: AccessKeyPermission }
  | { kind: "DeleteKey"; publicKey: PublicKey }
  | { kind: "DeleteAccount"; beneficiaryId: string };

/** The tag is a NEAR action that this codec does not understand, so nothing after it can be read. */
export class UnsupportedActionError extends BorshError {
  readonly tag: number;

  constructor(tag: number) {
    super(`action tag ${tag} is not supported`);
    this.tag = tag;
  }
}

/** There are more actions than the reader of the bytes wants; none of them was read. */
export class TooManyActionsError extends BorshError {}

/** Throws TooManyActionsError for a count of actions above `max`. */
export function atMostActions(max: number): (count: number) => void {
  return (count) => {
    if (count > max) throw new TooManyActionsError(`${count} actions, at most ${max} are wanted`);
  };
}

/**
 * Method names of an access key. NEAR takes 2,000 bytes of them, each with one byte more (nearcore, limit_config:
 * max_number_bytes_method_names), so that more can never land.
 */
const MAX_METHOD_NAMES = 2_000;

/** Tag of Action::Delegate (nearcore, core/primitives/src/action). */
export const DELEGATE_TAG = 8;
const TAGS = [
  "CreateAccount",
  "DeployContract",
  "FunctionCall",
  "Transfer",
  "Stake",
  "AddKey",
  "DeleteKey",
  "DeleteAccount",
] as const satisfies readonly NonDelegateAction["kind"][];

export function readAccountId(reader: BorshReader): string {
  const name = reader.string();
  if (!isValidAccountId(name)) throw new BorshError("invalid account name");
  return name;
}

/** Reads the body of the action whose tag has been read. */
export function readAction(reader: BorshReader, tag: number): NonDelegateAction {
  const kind = TAGS[tag];
  if (kind === undefined) throw new UnsupportedActionError(tag);
  switch (kind) {
    case "CreateAccount":
      return { kind };
    case "DeployContract":
      return { kind, code: reader.bytes() };
    case "FunctionCall":
      return {
        kind,
        methodName: reader.string(),
        args: reader.bytes(),
        gas: reader.u64(),
        deposit: reader.u128(),
      };
    case "Transfer":
      return { kind, deposit: reader.u128() };
    case "Stake":
      return { kind, stake: reader.u128(), publicKey: readPublicKey(reader) };
    case "AddKey":
      return {
        kind,
        publicKey: readPublicKey(reader),
        nonce: reader.u64(),
        permission: readPermission(reader),
      };
    case "DeleteKey":
      return { kind, publicKey: readPublicKey(reader) };
    case "DeleteAccount":
      return { kind, beneficiaryId: readAccountId(reader) };
  }
}

function readPermission(reader: BorshReader): AccessKeyPermission {
  const tag = reader.u8();
  if (tag === 1) return { kind: "FullAccess" };
  if (tag !== 0) throw new BorshError(`access key permission tag ${tag}`);
  return {
    kind: "FunctionCall",
    allowance: reader.option(() => reader.u128()),
    receiverId: reader.string(),
    methodNames: reader.vec(() => reader.string(), atMostMethodNames),
  };
}

function atMostMethodNames(count: number): void {
  if (count > MAX_METHOD_NAMES) throw new BorshError(`${count} method names of an access key`);
}

export function writeAction(writer: BorshWriter, action: NonDelegateAction): void {
  writer.u8(TAGS.indexOf(action.kind));
  switch (action.kind) {
    case "CreateAccount":
      return;
    case "DeployContract":
      writer.bytes(action.code);
      return;
    case "FunctionCall":
      writer.string(action.methodName).bytes(action.args).u64(action.gas).u128(action.deposit);
      return;
    case "Transfer":
      writer.u128(action.deposit);
      return;
    case "Stake":
      writer.u128(action.stake);
      writePublicKey(writer, action.publicKey);
      return;
    case "AddKey":
      writePublicKey(writer, action.publicKey);
      writer.u64(action.nonce);
      writePermission(writer, action.permission);
      return;
    case "DeleteKey":
      writePublicKey(writer, action.publicKey);
      return;
    case "DeleteAccount":
      writer.string(action.beneficiaryId);
      return;
  }
}

function writePermission(writer: BorshWriter, permission: AccessKeyPermission): void {
  if (permission.kind === "FullAccess") {
    writer.u8(1);
    return;
  }
  writer
    .u8(0)
    .option(permission.allowance, (v) => writer.u128(v))
    .string(permission.receiverId)
    .vec(permission.methodNames, (v) => writer.string(v));
}

/** Gas that the actions attach, in all. */
export function attachedGas(actions: readonly NonDelegateAction[]): bigint {
  return actions.reduce((sum, a) => (a.kind === "FunctionCall" ? sum + a.gas : sum), 0n);
}

/** yoctoNEAR that the actions move, in all. A stake moves nothing. */
export function attachedDeposit(actions: readonly NonDelegateAction[]): bigint {
  return actions.reduce(
    (sum, a) => (a.kind === "FunctionCall" || a.kind === "Transfer" ? sum + a.deposit : sum),
    0n,
  );
}
