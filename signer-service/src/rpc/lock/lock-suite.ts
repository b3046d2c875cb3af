import { suiteParameters } from "@countersign/crypto/lock/lock-suite.ts";
import type { LockSuite } from "@countersign/gen/countersign/lock/v1/lock_pb.ts";
import type { SuiteNumber } from "../../lock/lock-key-records.ts";

/** The suite that a request names: the contract's rules let no other number through. */
export function lockSuiteOf(suite: LockSuite): SuiteNumber {
  const parameters = suiteParameters(suite);
  if (parameters === undefined) throw new Error(`a request for suite ${suite}`);
  return parameters.number;
}
