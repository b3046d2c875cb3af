import { type DescMethod, getOption } from "@bufbuild/protobuf";
import { reasons } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { LockService } from "@countersign/gen/countersign/lock/v1/lock_service_pb.ts";
import { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";
import { SessionService } from "@countersign/gen/countersign/session/v1/session_service_pb.ts";
import { KeyPoolSignerService } from "@countersign/gen/countersign/signer/v1/key_pool_signer_service_pb.ts";
import { LockSignerService } from "@countersign/gen/countersign/signer/v1/lock_signer_service_pb.ts";
import { RelayerSignerService } from "@countersign/gen/countersign/signer/v1/relayer_signer_service_pb.ts";
import { SignerAdminService } from "@countersign/gen/countersign/signer/v1/signer_admin_service_pb.ts";
import { ThresholdSignerService } from "@countersign/gen/countersign/signer/v1/threshold_signer_service_pb.ts";
import { reasonName } from "@countersign/service-kit";
import { afterAll, describe, expect, it } from "vitest";
import { postgresUrl } from "../support/postgres.ts";
import { redisServer } from "../support/redis.ts";
import { accessCases } from "./cases/access.ts";
import { ACCESS_REASONS, COMMON_REASONS, commonCases } from "./cases/common.ts";
import { createAccountCases } from "./cases/create-account.ts";
import { lockCases } from "./cases/lock.ts";
import { outageCases } from "./cases/outages.ts";
import { policyCases } from "./cases/policy.ts";
import { readCases } from "./cases/reads.ts";
import { OWN_METHODS, sessionCases } from "./cases/session.ts";
import { sessionOutageCases } from "./cases/session-outages.ts";
import { sessionSignInCases } from "./cases/session-sign-in.ts";
import { signerCases } from "./cases/signer.ts";
import { SIGNER_ACCESS_REASONS, signerAccessCases } from "./cases/signer-access.ts";
import { signerAdminCases } from "./cases/signer-admin.ts";
import { signerGrantCases } from "./cases/signer-grants.ts";
import { signerKeyPoolCases } from "./cases/signer-key-pool.ts";
import { signerLockCases } from "./cases/signer-lock.ts";
import { signerOutageCases } from "./cases/signer-outages.ts";
import { signerThresholdCases } from "./cases/signer-threshold.ts";
import { signerThresholdEcdsaCases } from "./cases/signer-threshold-ecdsa.ts";
import { submitDelegateCases } from "./cases/submit-delegate.ts";
import { submitDelegatesCases } from "./cases/submit-delegates.ts";
import { THRESHOLD_METHODS, thresholdCases } from "./cases/threshold.ts";
import type { ContractCase } from "./support/contract-case.ts";
import { Worlds } from "./support/worlds.ts";

const SIGNER_METHODS: readonly DescMethod[] = [
  ...RelayerSignerService.methods,
  ...SignerAdminService.methods,
  ...ThresholdSignerService.methods,
  ...LockSignerService.methods,
  ...KeyPoolSignerService.methods,
];
/** Of the relay, save the ones that are open to everybody. */
const GUARDED_METHODS: readonly DescMethod[] = [
  ...RelayService.methods.filter(({ name }) => name !== "GetRelayInfo"),
  ...THRESHOLD_METHODS,
  ...OWN_METHODS,
];
const METHODS: readonly DescMethod[] = [
  ...RelayService.methods,
  ...THRESHOLD_METHODS,
  ...SessionService.methods,
  ...LockService.methods,
  ...SIGNER_METHODS,
];
const CASES: readonly ContractCase[] = [
  ...submitDelegateCases,
  ...submitDelegatesCases,
  ...createAccountCases,
  ...readCases,
  ...outageCases,
  ...commonCases,
  ...accessCases,
  ...policyCases,
  ...thresholdCases,
  ...sessionCases,
  ...sessionSignInCases,
  ...sessionOutageCases,
  ...lockCases,
  ...signerCases,
  ...signerGrantCases,
  ...signerAccessCases,
  ...signerAdminCases,
  ...signerOutageCases,
  ...signerThresholdCases,
  ...signerThresholdEcdsaCases,
  ...signerLockCases,
  ...signerKeyPoolCases,
];

const nameOf = (outcome: ContractCase["outcome"]) => (outcome === "success" ? outcome : reasonName(outcome));
const pair = (method: DescMethod, outcome: ContractCase["outcome"]) => `${method.name} ${nameOf(outcome)}`;

const worlds = new Worlds();
afterAll(() => worlds.stop());

describe.each(METHODS)("$name", (method) => {
  const cases = CASES.filter((one) => one.method === method);
  for (const { outcome, what, needsPostgres = false, needsRedis = false, run } of cases) {
    const verb = outcome === "success" ? "answers" : `says ${nameOf(outcome)}:`;
    const lacksService =
      (needsPostgres && postgresUrl === undefined) || (needsRedis && redisServer === undefined);
    it.skipIf(lacksService)(`${verb} ${what}`, () => run(worlds));
  }
});

describe("the cases", () => {
  const covered = new Set(CASES.map(({ method, outcome }) => pair(method, outcome)));

  it("cover the success of every method and every reason that it declares", () => {
    const declared = METHODS.flatMap((method) =>
      ["success" as const, ...getOption(method, reasons)].map((outcome) => pair(method, outcome)),
    );
    expect(declared.filter((wanted) => !covered.has(wanted))).toEqual([]);
  });

  it("hold no reason that its method does not declare, save the common ones", () => {
    const mayGive = (method: DescMethod) => [
      ...COMMON_REASONS,
      ...(GUARDED_METHODS.includes(method) ? ACCESS_REASONS : []),
      ...(SIGNER_METHODS.includes(method) ? SIGNER_ACCESS_REASONS : []),
      ...getOption(method, reasons),
    ];
    const undeclared = CASES.filter(
      ({ method, outcome }) => outcome !== "success" && !mayGive(method).includes(outcome),
    );
    expect(undeclared.map(({ method, outcome }) => pair(method, outcome))).toEqual([]);
  });

  it("cover every common reason", () => {
    const outcomes = new Set(CASES.map(({ outcome }) => outcome));
    expect(
      [...COMMON_REASONS, ...ACCESS_REASONS, ...SIGNER_ACCESS_REASONS]
        .filter((reason) => !outcomes.has(reason))
        .map(reasonName),
    ).toEqual([]);
  });
});
