import { setTimeout as delay } from "node:timers/promises";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { PauseLevel, PauseMode } from "@countersign/gen/countersign/admin/v1/pause_pb.ts";
import { PauseService } from "@countersign/gen/countersign/admin/v1/pause_service_pb.ts";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { Availability } from "@countersign/gen/countersign/relay/v1/relay_pb.ts";
import {
  type Submission,
  SubmissionState,
  WaitUntil,
} from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { SessionService } from "@countersign/gen/countersign/session/v1/session_service_pb.ts";
import { ThresholdKeyService } from "@countersign/gen/countersign/threshold/v1/threshold_key_service_pb.ts";
import { createApp } from "@countersign/server/app.ts";
import { createLogger, errorFromConnect } from "@countersign/service-kit";
import { actions } from "near-api-js";
import { describe, expect, it, onTestFinished, test } from "vitest";
import { sessionSettings } from "../session/support/session-relay.ts";
import { postgresUrl } from "../support/postgres.ts";
import { PROTECTED_KEYS, startProtectedRelay } from "../support/protected-relay.ts";
import { startRelayWorld } from "../support/relay-world.ts";
import { keyHeaders } from "../support/tenants.ts";
import { NETWORK, relayClient, startTestRelay } from "../support/test-relay.ts";
import { createOperator } from "./support/admin.ts";
import { signedInToken } from "./support/app-session.ts";
import { reasonOf } from "./support/call-any.ts";

const TIMEOUT_MS = 120_000;
/** What the product promises, in milliseconds. */
const WITHIN_MS = 2_000;
const CALLS_PER_SECOND = 50;

async function eventually(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    if (await isSo()) return;
    await delay(50);
  }
  throw new Error(`never: ${what}`);
}

describe.skipIf(postgresUrl === undefined)("with two replicas", () => {
  it(
    "a pause takes effect on the other one within 2 s of load, loses nothing, and drains to zero",
    async () => {
      const seconds = 6;
      const operator = await createOperator();
      const world = await startRelayWorld({
        engine: "postgres",
        wallets: CALLS_PER_SECOND * seconds,
        settings: { admin: operator.setting },
      });
      onTestFinished(() => world.stop());
      const log = createLogger("relay", "error");
      const [one, other] = await Promise.all([
        createApp(world.config, { log }),
        createApp(world.config, { log }),
      ]);
      onTestFinished(async () => void (await Promise.all([one.stop(), other.stop()])));
      const pauses = operator.client(PauseService, one.adminAddress);
      const client = relayClient(other.address);
      const delegates = await Promise.all(world.wallets.map((wallet) => wallet.delegate()));

      const accepted: Submission[] = [];
      const refused: ErrorReason[] = [];
      const running = delegates.map(async (signedDelegate, i) => {
        await delay((i * 1000) / CALLS_PER_SECOND);
        try {
          const { submission } = await client.submitDelegate({ network: NETWORK, signedDelegate });
          if (submission !== undefined) accepted.push(submission);
        } catch (error) {
          refused.push(errorFromConnect(error).reason ?? ErrorReason.UNSPECIFIED);
        }
      });
      await eventually("fifty are accepted", async () => accepted.length >= CALLS_PER_SECOND);
      const { pause } = await pauses.pause({ level: PauseLevel.RELAY, reason: "incident" });
      await Promise.all(running);

      const pausedAt = timestampMs(
        pause?.createTime ?? { seconds: 0n, nanos: 0, $typeName: "google.protobuf.Timestamp" },
      );
      const late = accepted.filter(({ transitions: [first] }) => {
        return first?.time !== undefined && timestampMs(first.time) > pausedAt + WITHIN_MS;
      });
      expect(late).toEqual([]);
      expect(new Set(refused)).toEqual(new Set([ErrorReason.PAUSED]));
      expect(accepted.length + refused.length).toBe(delegates.length);
      expect((await client.getRelayInfo({})).availability).toBe(Availability.CLOSED);

      await eventually("nothing is open", async () => (await pauses.listPauses({})).openSubmissions === 0n);
      const ends = await Promise.all(
        accepted.map(async ({ id }) => (await client.getSubmission({ submissionId: id })).submission?.state),
      );
      expect(new Set(ends)).toEqual(new Set([SubmissionState.SUCCEEDED]));

      await pauses.resume({ level: PauseLevel.RELAY, reason: "over" });
      const again = await world.wallets[0]?.delegate();
      await eventually("the other replica accepts again", async () => {
        const { submission } = await client
          .submitDelegate({
            network: NETWORK,
            signedDelegate: again ?? new Uint8Array(),
            waitUntil: WaitUntil.FINAL,
          })
          .catch(() => ({ submission: undefined }));
        return submission?.state === SubmissionState.SUCCEEDED;
      });
    },
    TIMEOUT_MS,
  );
});

test.each([
  ["the relay", () => ({ level: PauseLevel.RELAY, mode: PauseMode.HOLD })],
  ["the tenant", () => ({ level: PauseLevel.TENANT, target: "test", mode: PauseMode.HOLD })],
  ["the relayer's key", (key: string) => ({ level: PauseLevel.RELAYER_KEY, target: key })],
])(
  "while %s is held, nothing new is signed; what is signed ends, and the rest goes on afterwards",
  async (_, what) => {
    const operator = await createOperator();
    const relay = await startTestRelay({
      wallets: 3,
      devnet: { blockTimeMs: undefined },
      settings: { admin: operator.setting, "lanes.window": "1" },
    });
    onTestFinished(() => relay.stop());
    const pauses = operator.client(PauseService, relay.app.adminAddress);
    const stateOf = async (id: string) =>
      (await relay.client.getSubmission({ submissionId: id })).submission?.state;
    const submit = async (i: number) => {
      const signedDelegate = (await relay.wallets[i]?.delegate()) ?? new Uint8Array();
      return (await relay.client.submitDelegate({ network: NETWORK, signedDelegate })).submission?.id ?? "";
    };

    const first = await submit(0);
    await eventually("the first is sent", async () => (await stateOf(first)) === SubmissionState.BROADCAST);
    const second = await submit(1);
    const held = what(relay.relayerKey.publicKey);
    await pauses.pause({ ...held, reason: "incident" });
    await eventually("the first is final", async () => {
      relay.devnet.chain.produceBlock();
      return (await stateOf(first)) === SubmissionState.SUCCEEDED;
    });
    // A lane looks for work at least twice a second.
    await delay(1_200);
    expect(await stateOf(second)).toBe(SubmissionState.ACCEPTED);

    await pauses.resume({ level: held.level, target: "target" in held ? held.target : "" });
    await eventually("the second is final", async () => {
      relay.devnet.chain.produceBlock();
      return (await stateOf(second)) === SubmissionState.SUCCEEDED;
    });
  },
  TIMEOUT_MS,
);

test("methods of app sessions and of threshold signing are paused on their own", async () => {
  const operator = await createOperator();
  const settings = {
    admin: operator.setting,
    session: await sessionSettings(),
    "threshold.enabled": "true",
  };
  const { relay, stop } = await startProtectedRelay({ settings });
  onTestFinished(stop);
  const { address, adminAddress } = relay.app;
  const pauses = operator.client(PauseService, adminAddress);
  const user = { authorization: `Bearer ${await signedInToken(address)}` };
  const key = { ...keyHeaders(PROTECTED_KEYS.open), "x-end-user": "alice" };
  const { getUser, listSessions, mergeUsers } = SessionService.method;
  const { createNonce, listKeys } = ThresholdKeyService.method;
  for (const [paused, other, headers] of [
    [getUser, listSessions, user],
    [mergeUsers, getUser, user],
    [createNonce, listKeys, key],
    [listKeys, createNonce, key],
  ] as const) {
    const what = { level: PauseLevel.METHOD, target: paused.name };
    await pauses.pause({ ...what, reason: "x" });
    expect(await reasonOf(address, "Connect", paused, headers)).toBe("PAUSED");
    expect(await reasonOf(address, "Connect", other, headers)).not.toBe("PAUSED");
    await pauses.resume(what);
    expect(await reasonOf(address, "Connect", paused, headers)).not.toBe("PAUSED");
  }
});

test("a method, a kind of action and a tenant are paused on their own; what was accepted can be read", async () => {
  const operator = await createOperator();
  const relay = await startTestRelay({ wallets: 4, settings: { admin: operator.setting } });
  onTestFinished(() => relay.stop());
  const pauses = operator.client(PauseService, relay.app.adminAddress);
  const [call, transfer, other, last] = relay.wallets;
  if (call === undefined || transfer === undefined || other === undefined || last === undefined)
    throw new Error();
  const submit = async (signedDelegate: Uint8Array) =>
    relay.client.submitDelegate({ network: NETWORK, signedDelegate });
  const create = (name: string) =>
    relay.client.createAccount({
      network: NETWORK,
      accountId: `${name}.relay.test`,
      publicKey: call.publicKey,
    });
  const reasonOf = (answer: Promise<unknown>) =>
    answer.then(
      () => "accepted",
      (error) => errorFromConnect(error).reason,
    );

  await pauses.pause({ level: PauseLevel.METHOD, target: "CreateAccount", reason: "x" });
  expect(await reasonOf(create("a"))).toBe(ErrorReason.PAUSED);
  expect((await relay.client.getRelayInfo({})).availability).toBe(Availability.NO_ACCOUNTS);
  const accepted = await submit(await call.delegate());
  await pauses.resume({ level: PauseLevel.METHOD, target: "CreateAccount" });
  expect(await reasonOf(create("a"))).toBe("accepted");

  await pauses.pause({ level: PauseLevel.ACTION_KIND, target: "Transfer", reason: "x" });
  const moving = await transfer.delegate({ receiverId: call.accountId, actions: [actions.transfer(1n)] });
  expect(await reasonOf(submit(moving))).toBe(ErrorReason.PAUSED);
  expect(await reasonOf(submit(await other.delegate()))).toBe("accepted");

  await pauses.pause({ level: PauseLevel.TENANT, target: "test", reason: "x" });
  const later = await last.delegate();
  expect(await reasonOf(submit(later))).toBe(ErrorReason.PAUSED);
  const checked = await relay.client.checkDelegate({ network: NETWORK, signedDelegate: later });
  expect(checked.rules.find(({ rule }) => rule === "pause")?.reason).toBe(ErrorReason.PAUSED);
  const { submission } = await relay.client.getSubmission({ submissionId: accepted.submission?.id ?? "" });
  expect(submission?.id).toBe(accepted.submission?.id);
});
