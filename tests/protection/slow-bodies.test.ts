import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { SubmissionState, WaitUntil } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { errorFromConnect } from "@countersign/service-kit";
import { expect, it, onTestFinished } from "vitest";
import { NETWORK, startTestRelay, type TestRelay } from "../support/test-relay.ts";
import { AUTH } from "../support/test-tenant.ts";
import { type SlowSender, slowHttp1, slowHttp2 } from "./support/slow-senders.ts";

const SENDERS = 300;
const CALLS = 100;
const SERVICE = "/countersign.relay.v1.RelayService";

/** Calls that nobody is let in for, that the test tenant is let in for, and that everybody is let in for. */
const HEADS: readonly [path: string, credentials: Readonly<Record<string, string>>][] = [
  [`${SERVICE}/SubmitDelegate`, {}],
  [`${SERVICE}/SubmitDelegate`, AUTH],
  [`${SERVICE}/GetRelayInfo`, {}],
];

/** Every kind of sender, over both versions of HTTP. */
const KINDS = HEADS.flatMap(([path, credentials]) =>
  (["a byte a second", "without end"] as const).flatMap((pace) =>
    [slowHttp1, slowHttp2].map((open) => (address: string) => {
      const headers = { "content-type": "application/json", ...credentials };
      return open(address, path, headers, pace);
    }),
  ),
);

/** Ordinary calls; how many were answered as they should be. */
async function callOthers({ client }: TestRelay): Promise<number> {
  const submissionId = `sub_${"0".repeat(26)}`;
  const answers = await Promise.all(
    Array.from({ length: CALLS }, () =>
      client.getSubmission({ submissionId }).then(
        () => undefined,
        (error) => errorFromConnect(error).reason,
      ),
    ),
  );
  return answers.filter((reason) => reason === ErrorReason.SUBMISSION_NOT_FOUND).length;
}

it(`${SENDERS} connections that never finish a body stop nobody else, and are cut off in the end`, async () => {
  const relay = await startTestRelay();
  onTestFinished(() => relay.stop());
  const senders: SlowSender[] = Array.from({ length: SENDERS }, (_, i) => {
    const kind = KINDS[i % KINDS.length] ?? expect.fail("no such kind");
    return kind(relay.app.address);
  });
  let left = senders.length;
  const allCutOff = Promise.all(senders.map(({ cutOff }) => cutOff.then(() => left--)));

  const signedDelegate = (await relay.wallets[0]?.delegate()) ?? new Uint8Array();
  expect(await callOthers(relay)).toBe(CALLS);
  const { submission } = await relay.client.submitDelegate({
    network: NETWORK,
    signedDelegate,
    waitUntil: WaitUntil.FINAL,
  });
  expect(submission?.state).toBe(SubmissionState.SUCCEEDED);
  expect(left).toBeGreaterThan(0);

  await allCutOff;
  expect(await callOthers(relay)).toBe(CALLS);
}, 180_000);
