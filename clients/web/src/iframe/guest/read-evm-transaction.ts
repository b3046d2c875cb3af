import type { TransactionSerializable } from "viem";
import type { Hex } from "../api.ts";
import { decimal, hex, integer, invalid, list, record } from "./fields.ts";

/** A transaction of an application, as viem takes it, with what the user has to see of any. */
export interface ReadTransaction {
  readonly transaction: TransactionSerializable & { readonly chainId: number };
  readonly nonce: number;
  readonly to: Hex | undefined;
  readonly value: bigint;
  readonly data: Hex;
  /** EIP-2930; undefined without one. */
  readonly accessList: AccessList | undefined;
  /** The most that its gas may cost, in wei. */
  readonly maxFee: bigint;
}

const REQUIRED = ["chainId", "nonce", "gas"] as const;
const OPTIONAL = [
  "to",
  "value",
  "data",
  "gasPrice",
  "maxFeePerGas",
  "maxPriorityFeePerGas",
  "accessList",
] as const;

/** 128 KiB, what nodes take of a whole transaction. */
const MAX_DATA = 131_072;
const MAX_ACCESSES = 64;

/** Throws REQUEST_INVALID, also for what is of no one type. */
export function readEvmTransaction(value: unknown): ReadTransaction {
  const where = "transaction";
  const of = record(value, where, REQUIRED, OPTIONAL);
  const common = {
    chainId: integer(of.chainId, `${where}.chainId`, 1),
    nonce: integer(of.nonce, `${where}.nonce`, 0),
    gas: decimal(of.gas, `${where}.gas`, 64),
    value: of.value === undefined ? 0n : decimal(of.value, `${where}.value`, 256),
    data: of.data === undefined ? ("0x" as const) : hex(of.data, `${where}.data`, { max: MAX_DATA }),
    ...(of.to === undefined ? {} : { to: hex(of.to, `${where}.to`, 20) }),
  };
  const accessList = of.accessList === undefined ? undefined : readAccessList(of.accessList);
  const { transaction, price } = withFees(of, common, accessList);
  const { nonce, gas, data } = common;
  return { transaction, nonce, to: common.to, value: common.value, data, accessList, maxFee: gas * price };
}

type Common = Pick<ReadTransaction, "nonce" | "value" | "data"> & {
  readonly chainId: number;
  readonly gas: bigint;
  readonly to?: Hex;
};
type AccessList = { address: Hex; storageKeys: Hex[] }[];

function withFees(
  of: Partial<Record<(typeof OPTIONAL)[number], unknown>>,
  common: Common,
  accessList: AccessList | undefined,
): Pick<ReadTransaction, "transaction"> & { readonly price: bigint } {
  const where = "transaction";
  if (of.gasPrice !== undefined) {
    if (of.maxFeePerGas !== undefined || of.maxPriorityFeePerGas !== undefined) {
      throw invalid(where, "has gasPrice and fees of EIP-1559");
    }
    const gasPrice = decimal(of.gasPrice, `${where}.gasPrice`, 128);
    const transaction =
      accessList === undefined
        ? ({ ...common, type: "legacy", gasPrice } as const)
        : ({ ...common, type: "eip2930", gasPrice, accessList } as const);
    return { transaction, price: gasPrice };
  }
  const maxFeePerGas = decimal(of.maxFeePerGas, `${where}.maxFeePerGas`, 128);
  const maxPriorityFeePerGas = decimal(of.maxPriorityFeePerGas, `${where}.maxPriorityFeePerGas`, 128);
  if (maxPriorityFeePerGas > maxFeePerGas) {
    throw invalid(`${where}.maxPriorityFeePerGas`, "is above maxFeePerGas");
  }
  const fees = { maxFeePerGas, maxPriorityFeePerGas, ...(accessList === undefined ? {} : { accessList }) };
  return { transaction: { ...common, ...fees, type: "eip1559" }, price: maxFeePerGas };
}

function readAccessList(value: unknown): AccessList {
  const where = "transaction.accessList";
  return list(value, where, 0, MAX_ACCESSES).map((entry, i) => {
    const of = record(entry, `${where}[${i}]`, ["address", "storageKeys"]);
    const keys = list(of.storageKeys, `${where}[${i}].storageKeys`, 0, MAX_ACCESSES);
    return {
      address: hex(of.address, `${where}[${i}].address`, 20),
      storageKeys: keys.map((key, j) => hex(key, `${where}[${i}].storageKeys[${j}]`, 32)),
    };
  });
}
