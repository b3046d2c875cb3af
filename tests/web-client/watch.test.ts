import { Code, type HandlerContext } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import type { WatchSubmissionRequest } from "@countersign/gen/countersign/relay/v1/relay_pb.ts";
import { CountersignError, errorOf, type RelayClient, SubmissionState } from "@countersign/web";
import { afterEach, describe, expect, it } from "vitest";
import { relayClientWith } from "../../clients/web/src/relay-client.ts";
import { type HandClock, handClock } from "./hand-clock.ts";
import { PROTOCOLS } from "./protocols.ts";
import { refusal, type ScriptedRelay, startScriptedRelay } from "./scripted-relay.ts";

const STATES = [
  SubmissionState.ACCEPTED,
  SubmissionState.SIGNED,
  SubmissionState.BROADCAST,
  SubmissionState.INCLUDED,
  SubmissionState.SUCCEEDED,
];
const failed = () => expect.fail("it should have failed");
let relay: ScriptedRelay;
afterEach(() => relay.stop());

/** What a stream does instead of telling its n-th state; undefined to tell it. */
type Fault = (seen: number, context: HandlerContext) => void | Promise<void>;

describe.each(PROTOCOLS)("over %s, a watch", (_, protocol) => {
  let cursors: string[];
  let clock: HandClock;

  async function watched(
    fault: Fault,
    timeoutMs = 30_000,
    options: { fetch?: typeof fetch } = {},
  ): Promise<RelayClient> {
    cursors = [];
    clock = handClock();
    relay = await startScriptedRelay({
      watchSubmission: async function* ({ cursor }: WatchSubmissionRequest, context) {
        cursors.push(cursor);
        for (let seen = Number(cursor); seen < STATES.length; seen++) {
          await fault(seen, context);
          yield { submission: { state: STATES[seen] ?? 0 }, cursor: `${seen + 1}` };
        }
      },
    });
    return relayClientWith({ baseUrl: relay.baseUrl, timeoutMs, ...protocol, ...options }, clock);
  }

  async function states(client: RelayClient, told: unknown[] = []): Promise<unknown[]> {
    for await (const { submission } of client.watchSubmission({ submissionId: "sub_1" })) {
      told.push(submission?.state);
    }
    return told;
  }

  it("tells every state once when the connection is lost again and again", async () => {
    // Reached the client: the state before the one that the stream is about to tell.
    const told = STATES.map(() => Promise.withResolvers<void>());
    const cut = new Set<number>();
    const client = await watched(async (next, { signal }) => {
      if (next === 0 || cut.has(next)) return;
      cut.add(next);
      const gone = new Promise((resolve) => signal.addEventListener("abort", resolve));
      await told[next - 1]?.promise;
      relay.cut();
      await gone;
    });
    const seen: unknown[] = [];
    for await (const { submission } of client.watchSubmission({ submissionId: "sub_1" })) {
      told[seen.push(submission?.state) - 1]?.resolve();
    }
    expect(seen).toEqual(STATES);
    expect(cursors).toEqual(["", "1", "2", "3", "4"]);
  });

  it("goes on when something between ends the body as if it were whole", async () => {
    let calls = 0;
    const client = await watched(() => undefined, 30_000, {
      fetch: async (url, init) => {
        const response = await fetch(url, init);
        if (calls++ > 0) return response;
        const { value } = (await response.body?.getReader().read()) ?? {};
        // The first message whole: five bytes of envelope, the last four its length.
        const bytes = value ?? new Uint8Array();
        const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(1);
        return new Response(bytes.slice(0, 5 + length), { headers: response.headers });
      },
    });
    expect(await states(client)).toEqual(STATES);
    expect(cursors).toEqual(["", "1"]);
  });

  it("goes on after transient errors, when the relay allows it", async () => {
    let errors = 2;
    const client = await watched((seen) => {
      if (seen === 2 && errors-- > 0) throw refusal(ErrorReason.SHUTTING_DOWN, 500);
    });
    expect(await states(client)).toEqual(STATES);
    expect(cursors).toEqual(["", "2", "2"]);
    expect(clock.waits).toEqual([600, 600]);
  });

  it("goes on when a stream reaches its deadline, however often", async () => {
    let quiet = 9;
    const client = await watched((seen) => {
      if (seen !== 2) return;
      if (quiet-- > 0) throw refusal(ErrorReason.DEADLINE_EXCEEDED);
      // Still the first failure in a row.
      if (quiet === -1) throw refusal(ErrorReason.LEDGER_UNAVAILABLE);
    });
    expect(await states(client)).toEqual(STATES);
    expect(cursors).toHaveLength(11);
  });

  it("goes on when a stream says nothing any more", async () => {
    let silent = true;
    const client = await watched(async (seen, { signal }) => {
      if (seen !== 2 || !silent) return;
      silent = false;
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      throw signal.reason;
    }, 200);
    expect(await states(client)).toEqual(STATES);
  });

  it("ends with the error after too many failures in a row", async () => {
    const client = await watched((seen) => {
      if (seen === 2) throw refusal(ErrorReason.LEDGER_UNAVAILABLE, 10);
    });
    const told: unknown[] = [];
    const error = await states(client, told).then(failed, (thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CountersignError);
    expect(error).toMatchObject({ reason: "LEDGER_UNAVAILABLE", code: Code.Unavailable });
    expect(told).toEqual(STATES.slice(0, 2));
    expect(cursors).toHaveLength(4);
  });

  it("ends with the first error that does not pass", async () => {
    const client = await watched(() => {
      throw refusal(ErrorReason.SUBMISSION_NOT_FOUND);
    });
    expect(await states(client).then(failed, errorOf)).toMatchObject({ reason: "SUBMISSION_NOT_FOUND" });
    expect(cursors).toHaveLength(1);
  });

  it("ends at the call's deadline", async () => {
    const client = await watched((seen) => {
      if (seen === 1) throw refusal(ErrorReason.SHUTTING_DOWN, 3000);
    });
    const watch = async () => {
      for await (const _ of client.watchSubmission({ submissionId: "sub_1" }, { timeoutMs: 4000 }));
    };
    expect(await watch().then(failed, errorOf)).toMatchObject({ reason: "SHUTTING_DOWN" });
    expect(cursors).toEqual(["", "1"]);
  });

  it.each(["the loop is left", "its signal aborts"])("ends on the relay's side too when %s", async (how) => {
    const ended = Promise.withResolvers<void>();
    const client = await watched(async (seen, { signal }) => {
      if (seen === 0) return;
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      ended.resolve();
    });
    const abort = new AbortController();
    const watch = async () => {
      for await (const _ of client.watchSubmission({ submissionId: "sub_1" }, { signal: abort.signal })) {
        if (how === "the loop is left") break;
        abort.abort();
      }
    };
    const outcome = await watch().then(() => "left", errorOf);
    if (how === "the loop is left") expect(outcome).toBe("left");
    else expect(outcome).toMatchObject({ code: Code.Canceled });
    await ended.promise;
    expect(cursors).toEqual([""]);
  });
});
