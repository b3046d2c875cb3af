import type { TypedDataDefinition } from "viem";
import type { EvmAccount } from "../../evm/evm-account.ts";
import type { EvmWallet } from "../../evm/evm-wallet.ts";
import type { Hex } from "../api.ts";
import { type EmbeddedWalletError, frameError } from "../embedded-wallet-error.ts";
import type { Warning } from "../guest-api.ts";
import { etherText } from "./amounts.ts";
import { readCall } from "./evm-calls.ts";
import { accountId, anyRecord, hex, record, text } from "./fields.ts";
import { signInWarnings } from "./message-warnings.ts";
import { hexBytes, hiddenCharacterWarnings, utf8Text } from "./plain-text.ts";
import type { PreparedRequest } from "./prepared-request.ts";
import { readEvmTransaction } from "./read-evm-transaction.ts";
import { readTypedData } from "./typed-data.ts";
import { typedDataWarnings } from "./typed-data-warnings.ts";
import { inOrder, warning } from "./warnings.ts";

type Evm = Pick<EvmWallet, "account">;

const MAX_MESSAGE = 65_536;

/** Each throws REQUEST_INVALID for params that are not well-formed, and NOT_CONNECTED where there is no EVM key. */
export const evmRequests = {
  signEvmTransaction(params: unknown, evm: Evm): PreparedRequest {
    const of = record(params, "params", ["accountId", "transaction"]);
    const id = accountId(of.accountId, "params.accountId");
    const { transaction, nonce, to, value, data, accessList, maxFee } = readEvmTransaction(of.transaction);
    const creation = warning("danger", "CREATES_CONTRACT", "It creates a contract, whose code is not shown.");
    const { address } = accountOf(evm, id);
    const { warnings, ...read } = to === undefined ? { warnings: [creation] } : readCall(data);
    return {
      decoded: {
        kind: "evm-transaction",
        accountId: id,
        address,
        chainId: transaction.chainId,
        nonce,
        ...(to === undefined ? {} : { to }),
        value: etherText(value),
        maxFee: etherText(maxFee),
        data,
        ...(accessList === undefined ? {} : { accessList }),
        ...read,
        warnings: inOrder(warnings),
      },
      run: ({ signal }) => shownAccount(evm, id, address, signal).signTransaction(transaction),
    };
  },

  signEvmMessage(params: unknown, evm: Evm, origin: string): PreparedRequest {
    const of = record(params, "params", ["accountId", "message"]);
    const id = accountId(of.accountId, "params.accountId");
    const message = readMessage(of.message);
    // The same bytes are signed either way, so the user reads them where they are text.
    const shown = typeof message === "string" ? message : (utf8Text(hexBytes(message.raw)) ?? message);
    const warnings = [...messageWarnings(shown, origin), ...hiddenCharacterWarnings(shown)];
    const { address } = accountOf(evm, id);
    return {
      decoded: { kind: "evm-message", accountId: id, address, message: shown, warnings: inOrder(warnings) },
      run: ({ signal }) => shownAccount(evm, id, address, signal).signMessage({ message }),
    };
  },

  signEvmTypedData(params: unknown, evm: Evm): PreparedRequest {
    const of = record(params, "params", ["accountId", "typedData"]);
    const id = accountId(of.accountId, "params.accountId");
    const { signed, ...shown } = readTypedData(of.typedData);
    const warnings = inOrder([...typedDataWarnings(shown), ...hiddenCharacterWarnings(shown)]);
    const { address } = accountOf(evm, id);
    return {
      decoded: { kind: "evm-typed-data", accountId: id, address, ...shown, warnings },
      run: ({ signal }) =>
        shownAccount(evm, id, address, signal).signTypedData(signed as TypedDataDefinition),
    };
  },
};

function accountOf(evm: Evm, id: string, signal?: AbortSignal): EvmAccount {
  const account = evm.account(id, signal === undefined ? {} : { signal });
  if (account === undefined) throw noAccount(id);
  return account;
}

/** The account, if it still has the address that the user saw. */
function shownAccount(evm: Evm, id: string, address: string, signal: AbortSignal): EvmAccount {
  const account = accountOf(evm, id, signal);
  if (account.address === address) return account;
  throw frameError("NOT_CONNECTED", `${id} has another EVM key than when the user was asked`);
}

function noAccount(id: string): EmbeddedWalletError {
  return frameError("NOT_CONNECTED", `the wallet has no EVM key for ${id}`);
}

function readMessage(value: unknown): string | { readonly raw: Hex } {
  if (typeof value === "string") return text(value, "params.message", MAX_MESSAGE);
  const { raw } = record(anyRecord(value, "params.message"), "params.message", ["raw"]);
  return { raw: hex(raw, "params.message.raw", { max: MAX_MESSAGE }) };
}

function messageWarnings(shown: string | { readonly raw: Hex }, origin: string): Warning[] {
  if (typeof shown === "string") return signInWarnings(shown, origin);
  const isDigest = shown.raw.length === 66;
  const what = isDigest ? "a digest: nobody sees what it stands for" : "not text, and cannot be read";
  return [warning("danger", isDigest ? "BLIND_DIGEST" : "UNREADABLE_DATA", `The message is ${what}.`)];
}
