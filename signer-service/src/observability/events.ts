import { type Logger, reasonName } from "@countersign/service-kit";
import { base58 } from "@scure/base";
import type { HeldKey } from "../relayer-signer/key-backend.ts";
import type { SigningResult } from "../relayer-signer/relayer-signer.ts";

/** What the signer did, one method for each business event. Payloads and signatures are in none of them. */
export interface SignerEvents {
  keysLoaded(keys: readonly HeldKey[]): void;
  listening(address: string): void;
  batchAnswered(batch: {
    requestId: string;
    network: string;
    results: readonly SigningResult[];
    durationMs: number;
  }): void;
  stopping(): void;
  stopped(): void;
}

/** Writes the events to a log. */
export function createEvents(log: Logger): SignerEvents {
  return {
    keysLoaded(keys) {
      for (const { keyId, network, accountId, backend } of keys) {
        const fields = { key_id: keyId, network, account_id: accountId, backend: backend.describe() };
        log.info(fields, "key loaded");
      }
    },
    listening: (address) => log.info({ address }, "listening"),
    batchAnswered({ requestId, network, results, durationMs }) {
      const signed = results.flatMap((r) =>
        r.kind === "signed" ? [{ key_id: r.keyId, hash: base58.encode(r.hash) }] : [],
      );
      for (const result of results) {
        if (result.kind === "signed") continue;
        const fields = {
          request_id: requestId,
          network,
          key_id: result.keyId,
          reason: reasonName(result.reason),
        };
        log.warn(
          result.cause === undefined ? fields : { ...fields, err: result.cause },
          "transaction refused",
        );
      }
      log.info(
        {
          request_id: requestId,
          network,
          count: results.length,
          refused: results.length - signed.length,
          signed,
          duration_ms: Math.round(durationMs * 1000) / 1000,
        },
        "batch answered",
      );
    },
    stopping: () => log.info("stopping"),
    stopped: () => log.info("stopped"),
  };
}
