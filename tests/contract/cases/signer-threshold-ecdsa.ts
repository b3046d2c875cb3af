import type { DescMethod } from "@bufbuild/protobuf";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { ThresholdSignerService } from "@countersign/gen/countersign/signer/v1/threshold_signer_service_pb.ts";
import type { SignerOverrides } from "@countersign/signer-service/app.ts";
import { expect } from "vitest";
import { startThresholdSigner } from "../../signer/threshold/support/threshold-signer.ts";
import type { GivenRequest } from "../../signer/threshold/support/threshold-wallet.ts";
import {
  type ChangedEcdsaSigner,
  changedEcdsaSigner,
  type EcdsaSecrets,
} from "../../signer/threshold-ecdsa/support/changed-secrets.ts";
import type { ClientPresign } from "../../signer/threshold-ecdsa/support/client-presign.ts";
import { EcdsaWallet } from "../../signer/threshold-ecdsa/support/ecdsa-client.ts";
import { evmMessage } from "../../signer/threshold-ecdsa/support/evm-payloads.ts";
import { evmSettings } from "../../signer/threshold-ecdsa/support/evm-signer.ts";
import type { ContractCase } from "../support/contract-case.ts";
import { expectRefusal } from "../support/refusal.ts";

const { method } = ThresholdSignerService;

interface SignerOptions {
  readonly presign?: Readonly<Record<string, number>>;
  readonly overrides?: SignerOverrides;
}

async function walletWithKey({ presign = {}, overrides = {} }: SignerOptions = {}): Promise<EcdsaWallet> {
  const { client } = await startThresholdSigner({ threshold: { ...evmSettings(), presign }, overrides });
  return EcdsaWallet.withKey(client);
}

async function authorised(wallet: EcdsaWallet, token: string): Promise<GivenRequest> {
  const [given] = await wallet.authorizeEcdsa(evmMessage().payload, token);
  return given ?? expect.fail("nothing was authorised");
}

/** What the contract's checks call with their own headers. */
type Call = Parameters<typeof expectRefusal>[0];

const initCall = async (wallet: EcdsaWallet, token: string): Promise<Call> => {
  const call = wallet.presignInitRequest(await wallet.newPresign(), token);
  return (options) => wallet.client.presignInit(call, options);
};

const stepCall = async (wallet: EcdsaWallet, presign: ClientPresign): Promise<Call> => {
  const call = wallet.presignStepRequest(presign);
  return (options) => wallet.client.presignStep(call, options);
};

const SUCCESSES: readonly (readonly [DescMethod, (wallet: EcdsaWallet, token: string) => Promise<void>])[] = [
  [
    method.authorizeEcdsa,
    async (wallet, token) => {
      expect((await authorised(wallet, token)).digest).toEqual(evmMessage().digests[0]);
    },
  ],
  [
    method.presignInit,
    async (wallet, token) => {
      expect((await wallet.beginPresign(token)).flight.length).toBeGreaterThan(0);
    },
  ],
  [
    method.presignStep,
    async (wallet, token) => {
      expect((await wallet.presign(token)).bigR).toHaveLength(33);
    },
  ],
  [
    method.signEcdsaInit,
    async (wallet, token) => {
      const presignature = await wallet.presign(token);
      const { relayerEntropy } = await wallet.beginEcdsa(await authorised(wallet, token), presignature);
      expect(relayerEntropy).toHaveLength(32);
    },
  ],
  [
    method.signEcdsaFinalize,
    async (wallet, token) => {
      const presignature = await wallet.presign(token);
      expect((await wallet.signEcdsa(await authorised(wallet, token), presignature)).s).toHaveLength(32);
    },
  ],
  [method.getPresignaturePool, async (wallet) => expect(await wallet.pool()).toEqual([])],
];
const successes = SUCCESSES.map(
  ([of, check]): ContractCase => ({
    method: of,
    outcome: "success",
    what: "a wallet with a passkey and a key for EVM",
    run: async () => {
      const wallet = await walletWithKey();
      await check(wallet, await wallet.mint());
    },
  }),
);

const refusal = (
  of: DescMethod,
  outcome: ErrorReason,
  what: string,
  provoke: () => Promise<Parameters<typeof expectRefusal>[0]>,
): ContractCase => ({
  method: of,
  outcome,
  what,
  run: async () => expectRefusal(await provoke(), outcome),
});

/** The first call of a presignature, of a signer that has made `before` of the token's already. */
const presigning = (outcome: ErrorReason, what: string, presign: Readonly<Record<string, number>>) =>
  refusal(method.presignInit, outcome, what, async () => {
    const wallet = await walletWithKey({ presign });
    const token = await wallet.mint();
    await wallet.beginPresign(token);
    return initCall(wallet, token);
  });

const expired = (of: DescMethod, callOf: (wallet: EcdsaWallet, token: string) => Promise<Call>) =>
  refusal(of, ErrorReason.THRESHOLD_SESSION_EXPIRED, "after the session's time", async () => {
    let time = Date.parse("2026-11-20T12:00:00Z");
    const wallet = await walletWithKey({ overrides: { now: () => new Date(time) } });
    const token = await wallet.mint();
    time += 900_000;
    return callOf(wallet, token);
  });

/** While a step of the same tenant runs. */
const busy = (
  of: DescMethod,
  callOf: (wallet: EcdsaWallet, token: string) => Promise<Call>,
): ContractCase => ({
  method: of,
  outcome: ErrorReason.PRESIGN_BUSY,
  what: "while another step runs",
  run: async () => {
    /** Once it is there, work waits for it. */
    let gate: Promise<void> | undefined;
    const entered = Promise.withResolvers<void>();
    const wallet = await walletWithKey({
      presign: { concurrent: 1, concurrent_per_tenant: 1 },
      overrides: {
        threshold: (parts) => ({
          ...parts,
          presignWork: {
            advance: async (job) => {
              if (gate !== undefined) entered.resolve();
              await gate;
              return parts.presignWork.advance(job);
            },
          },
        }),
      },
    });
    const token = await wallet.mint();
    const call = await callOf(wallet, token);
    const held = Promise.withResolvers<void>();
    gate = held.promise;
    const running = wallet.beginPresign(token);
    await entered.promise;
    await expectRefusal(call, ErrorReason.PRESIGN_BUSY);
    held.resolve();
    await running;
  },
});

const USES: readonly (readonly [DescMethod, (changed: ChangedEcdsaSigner) => Promise<Call>])[] = [
  [method.presignInit, ({ wallet, token }) => initCall(wallet, token)],
  [method.presignStep, ({ wallet, presign }) => stepCall(wallet, presign)],
  [
    method.signEcdsaFinalize,
    async ({ wallet, begun }) =>
      (options) =>
        wallet.client.signEcdsaFinalize(wallet.ecdsaFinalizeRequest(begun), options),
  ],
];
const CHANGES: readonly (readonly [ErrorReason, string, EcdsaSecrets])[] = [
  [ErrorReason.MASTER_SECRET_UNAVAILABLE, "the key's epoch is gone", { 2: "MASTER_ECDSA_2" }],
  [ErrorReason.THRESHOLD_KEY_BROKEN, "another secret for the epoch", { 1: "MASTER_ECDSA_2" }],
];
const secretCases = USES.flatMap(([of, callOf]) =>
  CHANGES.map(([outcome, what, secrets]) =>
    refusal(of, outcome, what, async () => callOf(await changedEcdsaSigner(secrets))),
  ),
);

/** What ThresholdSignerService answers of threshold ECDSA; what tampering provokes is in signer-threshold.ts. */
export const signerThresholdEcdsaCases: readonly ContractCase[] = [
  ...successes,
  presigning(ErrorReason.PRESIGN_BUDGET_EXHAUSTED, "one more than a session may make", { per_session: 1 }),
  presigning(ErrorReason.PRESIGNATURE_POOL_FULL, "one more than a pool holds", {
    capacity: 1,
    refill_below: 1,
  }),
  expired(method.presignInit, initCall),
  expired(method.authorizeEcdsa, async (wallet, token) => {
    const call = wallet.authorizeEcdsaRequest(evmMessage().payload, token);
    return (options) => wallet.client.authorizeEcdsa(call, options);
  }),
  busy(method.presignInit, initCall),
  busy(method.presignStep, async (wallet, token) => stepCall(wallet, await wallet.beginPresign(token))),
  ...secretCases,
];
