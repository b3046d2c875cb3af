import { readFileSync } from "node:fs";
import type { Code } from "@connectrpc/connect";
import { codeFromString } from "@connectrpc/connect/protocol-connect";
import type { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";

/** What the comment of a reason promises of an error that carries it. */
export interface PromisedError {
  /** Undefined for a reason that only stands in a submission's failure. */
  readonly code: Code | undefined;
  readonly retryInfo: boolean;
  readonly quotaFailure: boolean;
}

const PROTO = new URL("../../../proto/countersign/error/v1/error.proto", import.meta.url);
const VALUE = /((?: {2}\/\/.*\n)+) {2}ERROR_REASON_[A-Z0-9_]+ = (\d+);/g;

const promised = new Map<ErrorReason, PromisedError>(
  [...readFileSync(PROTO, "utf8").matchAll(VALUE)].map(([, comment = "", number]) => {
    const text = comment.replace(/\n? *\/\//g, "");
    const code = /Code ([A-Z_]+)/.exec(text)?.[1];
    return [
      Number(number) as ErrorReason,
      {
        code: code === undefined ? undefined : codeFromString(code.toLowerCase()),
        retryInfo: /with RetryInfo/.test(text),
        quotaFailure: /QuotaFailure/.test(text),
      },
    ];
  }),
);

/** What the contract's text says about a reason. Throws for a number that is none. */
export function promisedError(reason: ErrorReason): PromisedError {
  const found = promised.get(reason);
  if (found === undefined) throw new Error(`the contract does not describe reason ${reason}`);
  return found;
}
