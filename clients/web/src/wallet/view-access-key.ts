import { Code } from "@connectrpc/connect";
import { parsePublicKey } from "@countersign/near";
import { CountersignError } from "../countersign-error.ts";
import { cancelled } from "./app-session.ts";

/** An access key, and the newest block that it was read at. */
export interface AccessKeyView {
  readonly nonce: bigint;
  readonly blockHeight: bigint;
  /** 32 bytes. */
  readonly blockHash: Uint8Array;
}

/** Reads an access key from the chain. Throws CountersignError: ACCESS_KEY_NOT_FOUND, or UNAVAILABLE. */
export type ViewAccessKey = (
  accountId: string,
  publicKey: string,
  signal: AbortSignal | undefined,
) => Promise<AccessKeyView>;

/** The most that an answer may have, in bytes; a key with all method names that NEAR allows has a tenth. */
const MAX_ANSWER = 65_536;

/** Asks a node of NEAR (https://docs.near.org/api/rpc/access-keys). */
export function nearRpc(url: string, fetch: typeof globalThis.fetch = globalThis.fetch): ViewAccessKey {
  return async (accountId, publicKey, signal) => {
    const params = {
      request_type: "view_access_key",
      finality: "final",
      account_id: accountId,
      public_key: publicKey,
    };
    let answer: unknown;
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "query", params }),
        ...(signal === undefined ? {} : { signal }),
      });
      answer = JSON.parse(await boundedText(response));
    } catch (cause) {
      if (signal?.aborted) throw cancelled(signal);
      throw unavailable("the NEAR node gave no answer", cause);
    }
    return readView(answer);
  };
}

function readView(answer: unknown): AccessKeyView {
  const result = field(answer, "result");
  // Nodes say it either way.
  const missing = field(field(field(answer, "error"), "cause"), "name") === "UNKNOWN_ACCESS_KEY";
  if (missing || typeof field(result, "error") === "string") {
    throw new CountersignError("the account does not have this access key", {
      reason: "ACCESS_KEY_NOT_FOUND",
      code: Code.NotFound,
    });
  }
  const hash = field(result, "block_hash");
  try {
    const nonce = whole(field(result, "nonce"));
    const blockHeight = whole(field(result, "block_height"));
    // A hash is 32 bytes in base58, as such a key is.
    const blockHash = parsePublicKey(`ed25519:${hash}`).data;
    return { nonce, blockHeight, blockHash };
  } catch (cause) {
    throw unavailable("the NEAR node's answer cannot be read", cause);
  }
}

async function boundedText(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for (;;) {
    const chunk = await reader?.read();
    if (chunk === undefined || chunk.done) return text + decoder.decode();
    size += chunk.value.length;
    if (size > MAX_ANSWER) {
      await reader?.cancel();
      throw new RangeError(`the answer has more than ${MAX_ANSWER} bytes`);
    }
    text += decoder.decode(chunk.value, { stream: true });
  }
}

function whole(value: unknown): bigint {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
    throw new RangeError("a number that is none");
  }
  return BigInt(value);
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function unavailable(message: string, cause: unknown): CountersignError {
  return new CountersignError(message, { reason: "CHAIN_UNAVAILABLE", code: Code.Unavailable, cause });
}
