import type { AccessKey, Permission } from "../codec/action.ts";
import { parsePublicKey } from "../codec/public-key.ts";
import { codeOf } from "../contracts/built-in.ts";
import { emptyAccount, withCode } from "../runtime/account-actions.ts";
import { accessKeyStorage, dataStorage } from "../runtime/fees.ts";
import { isValidAccountId } from "./account-id.ts";
import type { StateUpdate } from "./records.ts";

/** A key of a genesis account; full access unless it is restricted to one contract. */
export interface GenesisKey {
  readonly publicKey: string;
  readonly functionCall?: {
    readonly receiverId: string;
    readonly methodNames?: readonly string[];
    /** Yocto as a decimal string; unlimited without. */
    readonly allowance?: string;
  };
}

/** An account that exists without having been created by a transaction. */
export interface GenesisAccount {
  readonly id: string;
  /** Yocto as a decimal string. */
  readonly balance: string;
  /** Public keys with full access, or with what they are restricted to. */
  readonly keys?: readonly (string | GenesisKey)[];
  /** A built-in contract: `registrar`, `guest-book` or `fungible-token`. */
  readonly contract?: string;
  /** The contract's first data, by storage key. */
  readonly data?: Readonly<Record<string, string>>;
}

/** Writes the account; returns its balance in yocto. Throws on a bad name, key, balance or contract. */
export function writeGenesisAccount(update: StateUpdate, genesis: GenesisAccount): bigint {
  const { id } = genesis;
  if (!isValidAccountId(id)) throw new Error(`not an account id: ${id}`);
  if (!/^\d{1,39}$/.test(genesis.balance)) throw new Error(`not a balance in yocto: ${genesis.balance}`);
  if (update.account(id) !== undefined) throw new Error(`account ${id} exists already`);
  const amount = BigInt(genesis.balance);
  let account = emptyAccount(amount);
  if (genesis.contract !== undefined) account = withCode(account, codeOf(genesis.contract));
  let { storageUsage } = account;
  for (const key of genesis.keys ?? []) {
    const { publicKey, accessKey } = genesisKey(typeof key === "string" ? { publicKey: key } : key);
    update.setAccessKey(id, publicKey, accessKey);
    storageUsage += accessKeyStorage(publicKey, accessKey);
  }
  for (const [key, value] of Object.entries(genesis.data ?? {})) {
    update.setData(id, key, value);
    storageUsage += dataStorage(key, value);
  }
  update.setAccount(id, { ...account, storageUsage });
  return amount;
}

function genesisKey(key: GenesisKey): { publicKey: string; accessKey: AccessKey } {
  const publicKey = parsePublicKey(key.publicKey);
  if (publicKey === undefined) throw new Error(`not a public key: ${key.publicKey}`);
  const call = key.functionCall;
  const permission: Permission =
    call === undefined
      ? { kind: "FullAccess" }
      : {
          kind: "FunctionCall",
          receiverId: call.receiverId,
          methodNames: call.methodNames ?? [],
          allowance: call.allowance === undefined ? undefined : BigInt(call.allowance),
        };
  return { publicKey, accessKey: { nonce: 0n, permission } };
}
