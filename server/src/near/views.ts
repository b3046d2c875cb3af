import * as z from "zod";
import { blockHash } from "./block-hash.ts";
import { ChainError } from "./chain-error.ts";
import { listOf } from "./list-of.ts";
import type { NearRpc } from "./near-rpc.ts";

/** An unsigned integer that NEAR writes as a JSON number; refused above 2^53 - 1, where JSON loses digits. */
const integer = z.number().int().nonnegative().transform(BigInt);
/** An amount in yoctoNEAR, which NEAR writes as a decimal string. */
const amount = z
  .string()
  .regex(/^\d{1,39}$/)
  .transform(BigInt);

const accountView = z.object({ amount, locked: amount, storage_usage: integer });
const permissionView = z.union([
  z.literal("FullAccess"),
  z.object({
    FunctionCall: z.object({
      allowance: amount.nullable(),
      receiver_id: z.string(),
      method_names: listOf(z.string()),
    }),
  }),
]);
const accessKeyView = z.object({ nonce: integer, permission: permissionView, block_height: integer });
/** An unknown access key is no error to nodes but a result (nearcore, chain/jsonrpc: process_query_response). */
const missingKeyView = z.object({ error: z.string().regex(/^access key .* does not exist/) });
const accessKeyAnswer = z.union([accessKeyView, missingKeyView]);
const blockView = z.object({
  header: z.object({ height: integer, hash: blockHash, timestamp_nanosec: z.string().regex(/^\d{1,20}$/) }),
});
const statusView = z.object({
  chain_id: z.string(),
  sync_info: z.object({ syncing: z.boolean(), earliest_block_height: integer.nullish() }),
});
const callResultView = z.object({ result: listOf(z.number().int().min(0).max(255)) });
/** A contract that fails is no error to nodes but a result, too. */
const callFailedView = z.object({ error: z.string() });
const callAnswer = z.union([callResultView, callFailedView]);

/** A key's nonces stay below the block height times this (nearcore, ACCESS_KEY_NONCE_RANGE_MULTIPLIER). */
export const NONCE_RANGE_MULTIPLIER = 1_000_000n;

/** An account as the chain shows it. Amounts in yoctoNEAR, storage in bytes. */
export interface AccountView {
  /** What it holds beside its stake. */
  amount: bigint;
  /** Its stake. */
  locked: bigint;
  storageUsage: bigint;
}

/** An access key's permission as the chain shows it. Allowance in yoctoNEAR. */
export type AccessKeyPermissionView =
  | { kind: "FullAccess" }
  | { kind: "FunctionCall"; allowance: bigint | null; receiverId: string; methodNames: readonly string[] };

/** An access key as the chain shows it, at a block. */
export interface AccessKeyView {
  nonce: bigint;
  permission: AccessKeyPermissionView;
  blockHeight: bigint;
}

/** A block. `hash` in base58. */
export interface BlockView {
  height: bigint;
  hash: string;
  /** When it was produced, in milliseconds since the epoch. */
  timeMs: number;
}

/** How sure a view's block is: the newest block, or one that can never be reverted. */
export type Finality = "optimistic" | "final";

/** Where a view is asked: at whichever endpoint answers, or at one of them. */
export interface ViewOptions {
  endpoint?: number;
  signal?: AbortSignal;
}

/**
 * NEAR's read calls with checked answers (https://docs.near.org/api/rpc/introduction).
 * Every method throws ChainError; an answer of another shape is `unavailable`.
 */
export class NearViews {
  readonly #rpc: NearRpc;

  constructor(rpc: NearRpc) {
    this.#rpc = rpc;
  }

  async #ask<S extends z.ZodType>(
    schema: S,
    method: string,
    params: unknown,
    options: ViewOptions,
  ): Promise<z.output<S>> {
    const read = (answer: unknown) => {
      const parsed = schema.safeParse(answer);
      if (parsed.success) return parsed.data;
      throw new ChainError("unavailable", `the node's answer to ${method} cannot be read`, {
        cause: parsed.error,
      });
    };
    return this.#rpc.call(method, params, { ...options, read });
  }

  /** The account; `unknown-account` when it does not exist. */
  async account(accountId: string, finality: Finality, options: ViewOptions = {}): Promise<AccountView> {
    const params = { request_type: "view_account", finality, account_id: accountId };
    const { amount, locked, storage_usage } = await this.#ask(accountView, "query", params, options);
    return { amount, locked, storageUsage: storage_usage };
  }

  /** The access key; `unknown-access-key` when it, or the account, does not exist. */
  async accessKey(
    accountId: string,
    publicKey: string,
    finality: Finality,
    options: ViewOptions = {},
  ): Promise<AccessKeyView> {
    const params = {
      request_type: "view_access_key",
      finality,
      account_id: accountId,
      public_key: publicKey,
    };
    const view = await this.#ask(accessKeyAnswer, "query", params, options);
    if ("error" in view) throw new ChainError("unknown-access-key", view.error);
    if (view.nonce >= view.block_height * NONCE_RANGE_MULTIPLIER) {
      throw new ChainError("unavailable", "the node shows a nonce that no key can have at this height");
    }
    const permission: AccessKeyPermissionView =
      view.permission === "FullAccess"
        ? { kind: "FullAccess" }
        : {
            kind: "FunctionCall",
            allowance: view.permission.FunctionCall.allowance,
            receiverId: view.permission.FunctionCall.receiver_id,
            methodNames: view.permission.FunctionCall.method_names,
          };
    return { nonce: view.nonce, permission, blockHeight: view.block_height };
  }

  /**
   * The newest block of a finality, or the one with a hash (base58); `not-synced` when the node does not have that, or has
   * given it up (https://docs.near.org/api/rpc/block-chunk, UNKNOWN_BLOCK).
   */
  async block(which: Finality | { hash: string }, options: ViewOptions = {}): Promise<BlockView> {
    const params = typeof which === "string" ? { finality: which } : { block_id: which.hash };
    const { header } = await this.#ask(blockView, "block", params, options);
    const { height, hash, timestamp_nanosec } = header;
    if (typeof which !== "string" && which.hash !== hash) {
      throw new ChainError("unavailable", "the node answered about another block");
    }
    return { height, hash, timeMs: Number(BigInt(timestamp_nanosec) / 1_000_000n) };
  }

  /** The network's name, whether the node is still catching up, and the first block that it still has. */
  async status(
    options: ViewOptions = {},
  ): Promise<{ chainId: string; syncing: boolean; earliestHeight: bigint | undefined }> {
    const { chain_id, sync_info } = await this.#ask(statusView, "status", [], options);
    return {
      chainId: chain_id,
      syncing: sync_info.syncing,
      earliestHeight: sync_info.earliest_block_height ?? undefined,
    };
  }

  /** The bytes that a contract's view method returns for JSON arguments; `contract-failed` when it returns none. */
  async callFunction(
    contractId: string,
    method: string,
    args: unknown,
    options: ViewOptions = {},
  ): Promise<Uint8Array> {
    const params = {
      request_type: "call_function",
      finality: "optimistic",
      account_id: contractId,
      method_name: method,
      args_base64: Buffer.from(JSON.stringify(args)).toString("base64"),
    };
    const view = await this.#ask(callAnswer, "query", params, options);
    if ("result" in view) return Uint8Array.from(view.result);
    throw new ChainError("contract-failed", `${contractId} failed in ${method}`, { detail: view.error });
  }
}
