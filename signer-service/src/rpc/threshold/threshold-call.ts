import {
  type DescMessage,
  type DescMethodUnary,
  isMessage,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { ThresholdCallerSchema } from "@countersign/gen/countersign/signer/v1/threshold_signer_pb.ts";
import { DomainError, reasonName, requestIdKey } from "@countersign/service-kit";
import { callerKey } from "../../access/signer-gate.ts";
import type { SignerAudit } from "../../audit/audit.ts";
import { toHex } from "../../chain/hash-text.ts";
import type { SignerEvents } from "../../observability/events.ts";
import { type Caller, isOwn } from "../../threshold/caller.ts";
import type { ThresholdParts } from "../../threshold/threshold-parts.ts";
import { toldKey } from "../refused-calls.ts";

export interface ThresholdCallOptions {
  readonly parts: ThresholdParts;
  readonly audit: SignerAudit;
  readonly events: Pick<SignerEvents, "thresholdAnswered">;
  /** Monotonic clock in milliseconds. */
  readonly now: () => number;
}

/** A call, as a method's own file sees it. */
export interface ThresholdCall {
  readonly parts: ThresholdParts;
  readonly caller: Caller;
  /** Keeps what happened in the audit; to be waited for before the answer leaves. */
  record(kind: string, keyId: string, detail: Readonly<Record<string, string>>): Promise<void>;
}

/** Makes a method's handler of what it answers: with the audit, the log and the metrics of each call. */
export type ServeThreshold = <I extends DescMessage, O extends DescMessage>(
  method: DescMethodUnary<I, O>,
  handle: (call: ThresholdCall, message: MessageShape<I>) => Promise<MessageInitShape<O>>,
) => (message: MessageShape<I>, context: HandlerContext) => Promise<MessageInitShape<O>>;

/** The way that all of ThresholdSignerService's methods go. */
export function serveThreshold({ parts, audit, events, now }: ThresholdCallOptions): ServeThreshold {
  return (method, handle) =>
    async (message, { values }) => {
      const { keyId, digest } = factsOf(message);
      const started = now();
      const caller = callerOf(message);
      const about = {
        requestId: values.get(requestIdKey),
        method: method.name,
        tenant: caller.tenant,
      };
      const record: ThresholdCall["record"] = (kind, keyId, detail) => {
        const { tenant, user } = caller;
        const actor = values.get(callerKey);
        return audit.record({
          kind,
          actor,
          keyId,
          detail: { tenant, user, ...detail, request_id: about.requestId },
        });
      };
      try {
        const answer = await handle({ parts, caller, record }, message);
        events.thresholdAnswered({ ...about, keyId, durationMs: now() - started });
        return answer;
      } catch (error) {
        const refusal = refusalOf(error);
        const known = await knownKey(parts, caller, keyId);
        values.set(toldKey, true);
        audit.refused({
          peer: values.get(callerKey),
          keyId: known,
          reason: reasonName(refusal.reason),
          message: `${about.method}: ${refusal.message}`,
          requestId: about.requestId,
          payloadHash: toHex(digest),
          tenant: about.tenant,
          submissionId: "",
        });
        events.thresholdAnswered({ ...about, keyId: known, refusal, durationMs: now() - started });
        throw error;
      }
    };
}

/** Whom the relay acts for: every request says it. */
function callerOf(message: object): Caller {
  const caller = "caller" in message ? message.caller : undefined;
  if (!isMessage(caller, ThresholdCallerSchema)) throw new Error("a request for nobody");
  const { tenant, user, mergedUsers } = caller;
  return { tenant, user, mergedUsers };
}

/** What the wallet's request says that it is about; empty for what it does not say. */
function factsOf(message: object): { readonly keyId: string; readonly digest: Uint8Array } {
  const request: object = ("request" in message ? message.request : null) ?? {};
  const keyId = "keyId" in request && typeof request.keyId === "string" ? request.keyId : "";
  const digest =
    "digest" in request && request.digest instanceof Uint8Array ? request.digest : new Uint8Array();
  return { keyId, digest };
}

function refusalOf(error: unknown): DomainError {
  return error instanceof DomainError
    ? error
    : new DomainError(ErrorReason.INTERNAL, "the signer failed", { cause: error });
}

/** The key that a refused call is about, if it is the caller's: a caller has as many other names as it likes. */
async function knownKey({ store }: ThresholdParts, caller: Caller, keyId: string): Promise<string> {
  if (keyId === "") return "";
  const record = await store.key(keyId).catch(() => undefined);
  return record !== undefined && isOwn(caller, record) ? keyId : "";
}
