import type { DescMessage, DescMethodUnary, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import type { RelayerKeySchema } from "@countersign/gen/countersign/signer/v1/relayer_signer_pb.ts";
import { DomainError, reasonName, requestIdKey } from "@countersign/service-kit";
import { callerKey } from "../../access/signer-gate.ts";
import type { SignerAudit } from "../../audit/audit.ts";
import type { KeyPools } from "../../key-pool/key-pools.ts";
import type { KeyRecord } from "../../keys/key-records.ts";
import type { SignerEvents } from "../../observability/events.ts";
import { toldKey } from "../refused-calls.ts";
import { toRelayerKeyMessage } from "../relayer-key-message.ts";

export interface PoolCallOptions {
  readonly pools: KeyPools;
  /** Whether the signer holds a key: another name is no key, and a caller has as many of them as it likes. */
  readonly holds: (keyId: string) => boolean;
  readonly audit: Pick<SignerAudit, "refused">;
  readonly events: Pick<SignerEvents, "keyPoolAnswered">;
}

/** Makes a method's handler of the step that it takes; `actor` is the relay, for the audit. */
export type ServePool = <I extends DescMessage>(
  method: DescMethodUnary<I>,
  step: (pools: KeyPools, message: MessageShape<I>, actor: string) => Promise<KeyRecord>,
) => (
  message: MessageShape<I>,
  context: HandlerContext,
) => Promise<{ key: MessageInitShape<typeof RelayerKeySchema> }>;

/** The way that all of KeyPoolSignerService's methods go: with the audit, the log and the metrics of each call. */
export function servePool({ pools, holds, audit, events }: PoolCallOptions): ServePool {
  return ({ name: method }, step) =>
    async (message, { values }) => {
      const [peer, requestId] = [values.get(callerKey), values.get(requestIdKey)];
      try {
        const key = toRelayerKeyMessage(await step(pools, message, `relay:${peer}`));
        events.keyPoolAnswered({ requestId, method, keyId: key.keyId ?? "" });
        return { key };
      } catch (error) {
        const refusal = refusalOf(error);
        const named = keyIdOf(message);
        const keyId = holds(named) ? named : "";
        values.set(toldKey, true);
        audit.refused({
          peer,
          keyId,
          reason: reasonName(refusal.reason),
          message: `${method}: ${refusal.message}`,
          requestId,
          payloadHash: "",
          tenant: "",
          submissionId: "",
        });
        events.keyPoolAnswered({ requestId, method, keyId, refusal });
        throw refusal;
      }
    };
}

function keyIdOf(message: object): string {
  return "keyId" in message && typeof message.keyId === "string" ? message.keyId : "";
}

function refusalOf(error: unknown): DomainError {
  return error instanceof DomainError
    ? error
    : new DomainError(ErrorReason.INTERNAL, "the signer failed", { cause: error });
}
