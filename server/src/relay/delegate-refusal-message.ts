import { create } from "@bufbuild/protobuf";
import {
  type DelegateRefusal,
  DelegateRefusalSchema,
} from "@countersign/gen/countersign/relay/v1/relay_pb.ts";
import { ErrorInfoSchema, RetryInfoSchema } from "@countersign/gen/google/rpc/error_details_pb.ts";
import { type DomainError, toConnectError } from "@countersign/service-kit";

/** What a call's error would say of the refusal, as a message. */
export function delegateRefusalMessage(error: DomainError, requestId: string): DelegateRefusal {
  const wire = toConnectError(error, requestId);
  return create(DelegateRefusalSchema, {
    reason: error.reason,
    message: wire.rawMessage,
    metadata: wire.findDetails(ErrorInfoSchema)[0]?.metadata ?? {},
    retryable: wire.findDetails(RetryInfoSchema).length > 0,
  });
}
