import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { Decision, RuleOutcome } from "@countersign/gen/countersign/relay/v1/delegate_check_pb.ts";
import type { SubmitDelegateRequestSchema } from "@countersign/gen/countersign/relay/v1/relay_pb.ts";
import { expect } from "vitest";
import type { TestRelay } from "../../support/test-relay.ts";

/** CheckDelegate refuses the delegate, too, and for the same reason first. */
export async function expectSameDecision(
  { client }: Pick<TestRelay, "client">,
  { network = "", signedDelegate = new Uint8Array() }: MessageInitShape<typeof SubmitDelegateRequestSchema>,
  reason: ErrorReason,
): Promise<void> {
  const { decision, rules } = await client.checkDelegate({ network, signedDelegate });
  expect(decision).toBe(Decision.REFUSED);
  expect(rules.find(({ outcome }) => outcome === RuleOutcome.FAILED)?.reason).toBe(reason);
}
