import type { DescMethod } from "@bufbuild/protobuf";
import { createClient, type Interceptor } from "@connectrpc/connect";
import { createRecipient } from "@countersign/crypto/hpke.ts";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { ThresholdSignerService } from "@countersign/gen/countersign/signer/v1/threshold_signer_service_pb.ts";
import { NonceUse } from "@countersign/gen/countersign/threshold/v1/threshold_pb.ts";
import { reasonFromName } from "@countersign/service-kit";
import { MAX_KEYS_OF_A_USER } from "@countersign/signer-service/threshold/threshold-store.ts";
import { expect, onTestFinished } from "vitest";
import { unixTransport } from "../../signer/support/signer-client.ts";
import {
  type ChangedSigner,
  changedSigner,
  type Secrets,
} from "../../signer/threshold/support/changed-secrets.ts";
import { delegate } from "../../signer/threshold/support/payloads.ts";
import { tamperedAuthorize } from "../../signer/threshold/support/tampered-authorize.ts";
import { tamperedKeys } from "../../signer/threshold/support/tampered-keys.ts";
import { tamperedRounds } from "../../signer/threshold/support/tampered-rounds.ts";
import { tamperedSessions } from "../../signer/threshold/support/tampered-sessions.ts";
import { tamperedWorld } from "../../signer/threshold/support/tampering.ts";
import {
  startThresholdSigner,
  type ThresholdClient,
} from "../../signer/threshold/support/threshold-signer.ts";
import { type GivenRequest, ThresholdWallet } from "../../signer/threshold/support/threshold-wallet.ts";
import { WELL_FORMED_CALLS } from "../../signer/threshold/support/well-formed-calls.ts";
import { tamperedAuthorizeEcdsa } from "../../signer/threshold-ecdsa/support/tampered-authorize.ts";
import { tamperedPresign } from "../../signer/threshold-ecdsa/support/tampered-presign.ts";
import { tamperedEcdsaRounds } from "../../signer/threshold-ecdsa/support/tampered-rounds.ts";
import type { ContractCase } from "../support/contract-case.ts";
import { startContractSigner } from "../support/contract-signer.ts";
import { expectRefusal } from "../support/refusal.ts";

const { method } = ThresholdSignerService;

/** Puts the headers of the call that is expected to be refused on all calls. */
function givenHeaders(): { interceptors: Interceptor[]; give(headers: Record<string, string>): void } {
  let given: Record<string, string> = {};
  return {
    interceptors: [
      (next) => (request) => {
        for (const [name, value] of Object.entries(given)) request.header.set(name, value);
        return next(request);
      },
    ],
    give: (headers) => {
      given = headers;
    },
  };
}

/** What the tests of tampering provoke; of each method and reason the first. */
const tampered = new Map(
  [
    ...tamperedKeys,
    ...tamperedSessions,
    ...tamperedAuthorize,
    ...tamperedRounds,
    ...tamperedAuthorizeEcdsa,
    ...tamperedPresign,
    ...tamperedEcdsaRounds,
  ]
    .filter(({ outcome }) => outcome !== "answered")
    .toReversed()
    .map(({ method: of, noticedBy = of, outcome: name, field, what, run }) => {
      const outcome = reasonFromName(name);
      const one: ContractCase = {
        method: noticedBy,
        outcome,
        what: `${field}, ${what}`,
        run: async () => {
          const { interceptors, give } = givenHeaders();
          const world = await tamperedWorld({ interceptors });
          await expectRefusal(({ headers }) => {
            give(headers);
            return run(world);
          }, outcome);
        },
      };
      return [`${noticedBy.name} ${name}`, one];
    }),
);

/** A signer without a section `threshold`. */
const disabled = ThresholdSignerService.methods.map((of): ContractCase => {
  return {
    method: of,
    outcome: ErrorReason.THRESHOLD_DISABLED,
    what: "a signer without threshold signing",
    run: async () => {
      const { address } = await startContractSigner();
      const client = createClient(ThresholdSignerService, unixTransport(address));
      const call = WELL_FORMED_CALLS[of.localName as keyof ThresholdClient];
      await expectRefusal((options) => call(client, options), ErrorReason.THRESHOLD_DISABLED);
    },
  };
});

/** A signer that was started again with other master secrets. */
const changed = (
  of: DescMethod,
  outcome: ErrorReason,
  what: string,
  secrets: Secrets,
  call: (changed: ChangedSigner) => Promise<unknown>,
): ContractCase => ({
  method: of,
  outcome,
  what,
  run: async () => {
    const { interceptors, give } = givenHeaders();
    const world = await changedSigner(secrets, { interceptors });
    await expectRefusal(({ headers }) => {
      give(headers);
      return call(world);
    }, outcome);
  },
});

const USES: readonly (readonly [DescMethod, (changed: ChangedSigner) => Promise<unknown>])[] = [
  [method.signEd25519Init, ({ wallet, given }) => wallet.init(given)],
  [
    method.signEd25519Finalize,
    ({ wallet, begun, signer }) => signer.client.signEd25519Finalize(wallet.finalizeRequest(begun)),
  ],
  [method.exportThresholdShare, ({ wallet }) => exported(wallet)],
];
const secretCases: readonly ContractCase[] = [
  ...USES.flatMap(([of, call]) => [
    changed(of, ErrorReason.MASTER_SECRET_UNAVAILABLE, "the key's epoch is gone", { 2: "MASTER_2" }, call),
    changed(of, ErrorReason.THRESHOLD_KEY_BROKEN, "another secret for the epoch", { 1: "MASTER_2" }, call),
  ]),
  changed(
    method.finishThresholdKey,
    ErrorReason.MASTER_SECRET_UNAVAILABLE,
    "the challenge's epoch is gone",
    { 2: "MASTER_2" },
    ({ other, challenge, signer }) => signer.client.finishThresholdKey(other.finishRequest(challenge)),
  ),
  changed(
    method.finishThresholdKey,
    ErrorReason.THRESHOLD_KEY_BROKEN,
    "the epoch has another number now",
    { 2: "MASTER_1" },
    ({ wallet }) => wallet.createKey(),
  ),
];

const tooMany: ContractCase = {
  method: method.finishThresholdKey,
  outcome: ErrorReason.THRESHOLD_KEY_LIMIT_REACHED,
  what: "a user's 101st key",
  run: async () => {
    const { client } = await startThresholdSigner();
    const first = await ThresholdWallet.withKey(client);
    for (let i = 1; i < MAX_KEYS_OF_A_USER; i++) await ThresholdWallet.withKey(client);
    const wallet = new ThresholdWallet(client);
    await expectRefusal(
      async (options) => client.finishThresholdKey(wallet.finishRequest(await wallet.challenge()), options),
      ErrorReason.THRESHOLD_KEY_LIMIT_REACHED,
    );
    // Those that are there are found as before, and other users make theirs.
    await first.createKey();
    await ThresholdWallet.withKey(client, { user: "user-2" });
  },
};

const expired: ContractCase = {
  method: method.authorizeEd25519,
  outcome: ErrorReason.THRESHOLD_SESSION_EXPIRED,
  what: "after the session's time",
  run: async () => {
    let time = Date.parse("2026-11-20T12:00:00Z");
    const { client } = await startThresholdSigner({ overrides: { now: () => new Date(time) } });
    const wallet = await ThresholdWallet.withKey(client);
    const token = await wallet.mint();
    time += 900_000;
    const call = wallet.authorizeRequest(delegate(wallet).payload, token);
    await expectRefusal(
      (options) => client.authorizeEd25519(call, options),
      ErrorReason.THRESHOLD_SESSION_EXPIRED,
    );
  },
};

async function exported(wallet: ThresholdWallet): Promise<Uint8Array> {
  const { publicKey } = await createRecipient();
  const call = wallet.exportRequest(await wallet.nonce(NonceUse.EXPORT), publicKey);
  const { response } = await wallet.client.exportThresholdShare(call);
  return response?.sealedShare ?? new Uint8Array();
}

async function authorised(wallet: ThresholdWallet): Promise<GivenRequest> {
  const [given] = await wallet.authorize(delegate(wallet).payload, await wallet.mint());
  return given ?? expect.fail("nothing was authorised");
}

const SUCCESSES: readonly (readonly [DescMethod, (wallet: ThresholdWallet) => Promise<void>])[] = [
  [method.beginThresholdKey, async (wallet) => expect(await wallet.challenge()).toHaveLength(32)],
  [method.finishThresholdKey, async (wallet) => expect(wallet.keyId).toMatch(/^ed25519:/)],
  [
    method.getThresholdKey,
    async ({ client, caller, keyId, key }) => {
      const { response } = await client.getThresholdKey({ caller, request: { keyId } });
      expect(response?.key).toEqual(key);
    },
  ],
  [
    method.listThresholdKeys,
    async ({ client, caller, key }) => {
      const { response } = await client.listThresholdKeys({ caller, request: {} });
      expect(response?.keys).toEqual([key]);
    },
  ],
  [
    method.createThresholdNonce,
    async (wallet) => expect(await wallet.nonce(NonceUse.SESSION)).toHaveLength(32),
  ],
  [method.mintThresholdSession, async (wallet) => expect(await wallet.mint()).toMatch(/^cst_/)],
  [
    method.endThresholdSession,
    async (wallet) => {
      const { client, caller } = wallet;
      const token = await wallet.mint();
      await client.endThresholdSession({ caller, request: { token } });
      // Once more: one that is over is no error.
      await client.endThresholdSession({ caller, request: { token } });
    },
  ],
  [method.exportThresholdShare, async (wallet) => expect(await exported(wallet)).toHaveLength(48)],
  [
    method.authorizeEd25519,
    async (wallet) => expect((await authorised(wallet)).digest).toEqual(delegate(wallet).digests[0]),
  ],
  [
    method.signEd25519Init,
    async (wallet) => {
      const { relayerCommitments } = await wallet.init(await authorised(wallet));
      expect(relayerCommitments.hiding).toHaveLength(32);
    },
  ],
  [
    method.signEd25519Finalize,
    async (wallet) => expect(await wallet.sign(await authorised(wallet))).toHaveLength(64),
  ],
];
const successes = SUCCESSES.map(([of, check]): ContractCase => {
  return {
    method: of,
    outcome: "success",
    what: "a wallet with a passkey",
    run: async () => check(await ThresholdWallet.withKey((await startThresholdSigner()).client)),
  };
});

const outages = ThresholdSignerService.methods.map((of): ContractCase => {
  return {
    method: of,
    outcome: ErrorReason.SIGNER_STORE_UNAVAILABLE,
    what: "PostgreSQL is gone",
    needsPostgres: true,
    run: async (worlds) => {
      const { threshold, gate } = await worlds.signerPostgres();
      const call = WELL_FORMED_CALLS[of.localName as keyof ThresholdClient];
      await gate.close();
      onTestFinished(() => gate.open());
      await expectRefusal((options) => call(threshold, options), ErrorReason.SIGNER_STORE_UNAVAILABLE);
      await gate.open();
      const listed = () =>
        WELL_FORMED_CALLS.listThresholdKeys(threshold).then(
          () => "answered",
          () => "away",
        );
      await expect.poll(listed, { timeout: 20_000 }).toBe("answered");
    },
  };
});

/** What ThresholdSignerService answers. */
export const signerThresholdCases: readonly ContractCase[] = [
  ...successes,
  ...tampered.values(),
  ...secretCases,
  expired,
  tooMany,
  ...disabled,
  ...outages,
];
