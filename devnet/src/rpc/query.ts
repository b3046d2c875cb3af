import { isValidAccountId } from "../chain/account-id.ts";
import type { Block } from "../chain/block.ts";
import { ActionFailure, u64 } from "../chain/errors.ts";
import type { Account, StateReader } from "../chain/records.ts";
import type { AccessKey } from "../codec/action.ts";
import { parsePublicKey } from "../codec/public-key.ts";
import { callView } from "../runtime/function-call.ts";
import type { NodeView } from "./node-view.ts";
import { base64, namedParams, type Params, text } from "./params.ts";
import { handlerError, parseError } from "./rpc-error.ts";
import { vmErrorText } from "./vm-error-text.ts";

/**
 * `query` (https://docs.near.org/api/rpc/contracts and /access-keys). An unknown access key and a view call that fails are
 * no errors but results with an `error` (nearcore chain/jsonrpc/src/lib.rs, process_query_response). Throws RpcError.
 */
export function query(node: NodeView, raw: unknown): unknown {
  const params = namedParams(raw, []);
  const block = node.block(params);
  const state = node.stateAfter(block);
  const accountId = text(params, "account_id");
  if (!isValidAccountId(accountId)) throw parseError("Failed parsing args: not a valid account ID");
  const at = { block_height: u64(block.height), block_hash: block.hash };
  switch (text(params, "request_type")) {
    case "view_account":
      return { ...accountView(existing(state, accountId, block)), ...at };
    case "view_access_key":
      return { ...viewKey(state, accountId, params), ...at };
    case "view_access_key_list":
      // The account is not looked at (nearcore runtime/runtime/src/state_viewer/mod.rs, view_access_keys).
      return { keys: keyList(state, accountId), ...at };
    case "call_function":
      return { ...callFunction(state, accountId, params, block), ...at };
    default:
      throw parseError("Failed parsing args: unknown request_type");
  }
}

const where = (block: Block) => ({ block_height: u64(block.height), block_hash: block.hash });

function existing(state: StateReader, accountId: string, block: Block): Account {
  const account = state.account(accountId);
  if (account !== undefined) return account;
  throw handlerError(
    "UNKNOWN_ACCOUNT",
    { requested_account_id: accountId, ...where(block) },
    `account ${accountId} does not exist while viewing`,
  );
}

function accountView(account: Account): object {
  return {
    amount: account.amount.toString(),
    locked: account.locked.toString(),
    code_hash: account.codeHash,
    storage_usage: u64(account.storageUsage),
    storage_paid_at: 0,
  };
}

/** The account is not looked at (nearcore runtime/runtime/src/state_viewer/mod.rs, view_access_key). */
function viewKey(state: StateReader, accountId: string, params: Params): object {
  const publicKey = parsePublicKey(text(params, "public_key"));
  if (publicKey === undefined) throw parseError("Failed parsing args: invalid public key");
  const key = state.accessKey(accountId, publicKey);
  if (key !== undefined) return accessKeyView(key);
  return { error: `access key ${publicKey} does not exist while viewing`, logs: [] };
}

function accessKeyView({ nonce, permission }: AccessKey): { nonce: unknown; permission: unknown } {
  return {
    nonce: u64(nonce),
    permission:
      permission.kind === "FullAccess"
        ? "FullAccess"
        : {
            FunctionCall: {
              allowance: permission.allowance?.toString() ?? null,
              receiver_id: permission.receiverId,
              method_names: permission.methodNames,
            },
          },
  };
}

function keyList(state: StateReader, accountId: string): object[] {
  return state.publicKeys(accountId).flatMap((publicKey) => {
    const key = state.accessKey(accountId, publicKey);
    return key === undefined ? [] : [{ public_key: publicKey, access_key: accessKeyView(key) }];
  });
}

function callFunction(state: StateReader, accountId: string, params: Params, block: Block): object {
  existing(state, accountId, block);
  const method = text(params, "method_name");
  try {
    const { result, logs } = callView(
      state,
      accountId,
      method,
      base64(params, "args_base64"),
      block.timestamp,
    );
    return { result: [...result], logs };
  } catch (error) {
    if (!(error instanceof ActionFailure)) throw error;
    return { error: `wasm execution failed with error: ${vmErrorText(error.kind)}`, logs: [] };
  }
}
