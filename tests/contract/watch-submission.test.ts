import { ConnectError } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { SubmissionState, WaitUntil } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { errorFromConnect } from "@countersign/service-kit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestRelay, type TestRelay } from "../support/test-relay.ts";
import { readAll } from "./support/read-all.ts";
import { current, submit } from "./support/submitting.ts";

const LIFE = [
  SubmissionState.ACCEPTED,
  SubmissionState.SIGNED,
  SubmissionState.BROADCAST,
  SubmissionState.INCLUDED,
  SubmissionState.SUCCEEDED,
];

describe("WatchSubmission", () => {
  let relay: TestRelay;
  beforeAll(async () => {
    relay = await startTestRelay({ devnet: { blockTimeMs: undefined } });
  });
  afterAll(() => relay.stop());

  /** Watches and makes a block with every message, until the stream ends. */
  async function watch(submissionId: string, cursor = "") {
    const making = setInterval(() => relay.devnet.chain.produceBlock(), 20);
    try {
      return await readAll(relay.client.watchSubmission({ submissionId, cursor }));
    } finally {
      clearInterval(making);
    }
  }

  it("tells every state once, in order, as it comes, and ends after the terminal one", async () => {
    const { id } = await submit(relay, { waitUntil: WaitUntil.ACCEPTED });
    const messages = await watch(id);
    expect(messages.map(({ submission }) => submission?.state)).toEqual(LIFE);
    const final = await current(relay, id);
    expect(messages.at(-1)?.submission).toEqual(final);
    for (const [i, { submission }] of messages.entries()) {
      expect(submission?.transitions).toEqual(final.transitions.slice(0, i + 1));
    }
    expect(messages[0]?.submission?.transaction).toBeUndefined();
    expect(messages[1]?.submission?.transaction?.hash).toBe(final.transaction?.hash);
    expect(messages[3]?.submission?.cost).toBeUndefined();
  });

  it("tells the same to those who come after the end", async () => {
    const { id } = await submit(relay, { waitUntil: WaitUntil.ACCEPTED });
    const live = await watch(id);
    const later = await watch(id);
    expect(later.map(({ cursor, submission }) => [cursor, submission?.state])).toEqual(
      live.map(({ cursor, submission }) => [cursor, submission?.state]),
    );
  });

  it("goes on after each cursor without a gap and without telling a state twice", async () => {
    const { id } = await submit(relay, { waitUntil: WaitUntil.ACCEPTED });
    const messages = await watch(id);
    for (const [i, { cursor }] of messages.entries()) {
      expect((await watch(id, cursor)).map(({ submission }) => submission?.state)).toEqual(LIFE.slice(i + 1));
    }
  });

  it("ends at the deadline with DEADLINE_EXCEEDED; the cursor leads on", async () => {
    const { id } = await submit(relay, { waitUntil: WaitUntil.ACCEPTED });
    const seen: SubmissionState[] = [];
    let last = "";
    const read = async () => {
      const headers = { "connect-timeout-ms": "1500" };
      for await (const { submission, cursor } of relay.client.watchSubmission(
        { submissionId: id },
        { headers },
      )) {
        seen.push(submission?.state ?? SubmissionState.UNSPECIFIED);
        last = cursor;
      }
    };
    const error = await read().then(() => expect.fail("it should not have ended"), ConnectError.from);
    expect(errorFromConnect(error).reason).toBe(ErrorReason.DEADLINE_EXCEEDED);
    const rest = await watch(id, last);
    expect([...seen, ...rest.map(({ submission }) => submission?.state)]).toEqual(LIFE);
  });

  it("serves several watchers of one submission", async () => {
    const { id } = await submit(relay, { waitUntil: WaitUntil.ACCEPTED });
    const all = await Promise.all([watch(id), watch(id), watch(id)]);
    for (const messages of all) expect(messages.map(({ submission }) => submission?.state)).toEqual(LIFE);
  });
});
