import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type {
  Assertion as AssertionMessage,
  ThresholdKeySchema,
} from "@countersign/gen/countersign/threshold/v1/threshold_pb.ts";
import type { Assertion } from "../../threshold/assertions/verify-assertion.ts";
import type { ThresholdKeyRecord } from "../../threshold/threshold-store.ts";

const NOTHING = new Uint8Array();

/** An assertion, from the wire. */
export function toAssertion(message: AssertionMessage | undefined): Assertion {
  const {
    credentialId = NOTHING,
    clientDataJson = NOTHING,
    authenticatorData = NOTHING,
    signature = NOTHING,
  } = message ?? {};
  return { credentialId, clientDataJson, authenticatorData, signature };
}

/** A key as it stands on the wire. */
export function toThresholdKeyMessage(
  record: ThresholdKeyRecord,
): MessageInitShape<typeof ThresholdKeySchema> {
  const { keyId, schemeId, network, accountId, rpId, clientVerifyingShare, relayerVerifyingShare, epoch } =
    record;
  return {
    keyId,
    schemeId,
    network,
    accountId,
    rpId,
    clientVerifyingShare,
    relayerVerifyingShare,
    epoch,
    credentialIds: record.credentials.map(({ id }) => id),
    createTime: timestampFromDate(record.createdAt),
  };
}
