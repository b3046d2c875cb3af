import { ThresholdSignerService } from "@countersign/gen/countersign/signer/v1/threshold_signer_service_pb.ts";
import { expect, test } from "vitest";
import { tamperedAuthorizeEcdsa } from "../threshold-ecdsa/support/tampered-authorize.ts";
import { tamperedPresign } from "../threshold-ecdsa/support/tampered-presign.ts";
import { tamperedEcdsaRounds } from "../threshold-ecdsa/support/tampered-rounds.ts";
import { outcomeOf } from "./support/reason.ts";
import { tamperedAuthorize } from "./support/tampered-authorize.ts";
import { tamperedKeys } from "./support/tampered-keys.ts";
import { tamperedRounds } from "./support/tampered-rounds.ts";
import { tamperedSessions } from "./support/tampered-sessions.ts";
import { fieldsOf, type Tampering, tamperedWorld } from "./support/tampering.ts";

const TAMPERINGS: readonly Tampering[] = [
  ...tamperedKeys,
  ...tamperedSessions,
  ...tamperedAuthorize,
  ...tamperedRounds,
  ...tamperedAuthorizeEcdsa,
  ...tamperedPresign,
  ...tamperedEcdsaRounds,
];

test.each(TAMPERINGS.map((one) => [one.method.name, one.field, one.what, one.outcome, one.run] as const))(
  "%s, %s, %s: %s",
  async (_method, _field, _what, outcome, run) => {
    expect(await outcomeOf(run(await tamperedWorld()))).toBe(outcome);
  },
);

test("every field of every method is tampered with", () => {
  /** Whose keys are asked for decides here, and users that were merged give no more than their own. */
  const told = new Set(TAMPERINGS.map(({ method, field }) => `${method.name} ${field}`));
  const fields = ThresholdSignerService.methods.flatMap((method) =>
    fieldsOf(method.input).map((field) => `${method.name} ${field}`),
  );
  const untouched = fields.filter((field) => !told.has(field) && !field.endsWith(" caller.merged_users"));
  expect(untouched).toEqual([]);
});
