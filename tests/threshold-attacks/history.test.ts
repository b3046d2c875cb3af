import { randomBytes } from "node:crypto";
import { clientShare } from "@countersign/crypto/derive.ts";
import {
  aggregate,
  commit,
  groupKey,
  type SigningPackage,
  signShare,
  verifyingShare,
} from "@countersign/crypto/frost-ed25519.ts";
import { describe, expect, it } from "vitest";
import { type AnsweredRun, type BegunRun, History, violations } from "./support/history.ts";
import type { StoredRun } from "./support/stored-runs.ts";

const random = (bytes: number) => new Uint8Array(randomBytes(bytes));
const [CLIENT, RELAYER] = [clientShare(random(32), "client"), clientShare(random(32), "relayer")];
const key = { clientVerifyingShare: verifyingShare(CLIENT), relayerVerifyingShare: verifyingShare(RELAYER) };
const GROUP = groupKey(key.clientVerifyingShare, key.relayerVerifyingShare);

/** A run from begin to end, with nonces of the relayer's own or with others'. */
function run(sessionId: string, requestId: string, relayers = commit(RELAYER, random)) {
  const clients = commit(CLIENT, random);
  const digest = random(32);
  const [clientCommitments, relayerCommitments] = [clients.commitments, relayers.commitments];
  const signing: SigningPackage = { groupKey: GROUP, message: digest, clientCommitments, relayerCommitments };
  const clientSignatureShare = signShare("client", CLIENT, clients.nonces, signing);
  const relayerSignatureShare = signShare("relayer", RELAYER, relayers.nonces.slice(), signing);
  const signature = aggregate(signing, clientSignatureShare, relayerSignatureShare);
  const begun: BegunRun = { sessionId, requestId, key, digest, clientCommitments, relayerCommitments };
  const answered: AnsweredRun = { sessionId, clientSignatureShare, relayerSignatureShare, signature };
  const done: StoredRun = {
    ...{ id: sessionId, requestId, stage: "done" },
    opened: Buffer.concat([relayerSignatureShare, signature]),
  };
  return { begun, answered, done };
}

function found(parts: Partial<History>): string[] {
  return violations(Object.assign(new History(), parts));
}

const A = run("a", "1");
const B = run("b", "2");
const burnt = (id: string, requestId: string): StoredRun => ({
  id,
  requestId,
  stage: "burnt",
  opened: undefined,
});

describe("a history", () => {
  it("of runs that were answered once, also more than once with the same, is well", () => {
    const answered = [A.answered, A.answered, B.answered];
    expect(found({ begun: [A.begun, B.begun], answered, stored: [A.done, burnt("c", "1")] })).toEqual([]);
  });

  it("is not, with one pair of nonces in two runs, and less so with two shares for it", () => {
    const nonces = commit(RELAYER, random);
    const [one, two] = [run("one", "1", nonces), run("two", "2", nonces)];
    const begun = [one.begun, two.begun];
    expect(found({ begun })).toEqual(["two has another run's commitment"]);
    expect(found({ begun, answered: [one.answered, two.answered] })).toContain(
      "a commitment of two has two shares",
    );
    expect(found({ begun, answered: [one.answered], stored: [two.done] })).toContain(
      "a commitment of two has two shares",
    );
  });

  it("is not, with one request answered in two runs, on the wire or in the store", () => {
    const again = run("again", "1");
    const begun = [A.begun, again.begun];
    const twice = ["request 1 was answered in two runs"];
    expect(found({ begun, answered: [A.answered, again.answered] })).toEqual(twice);
    expect(found({ begun, answered: [A.answered], stored: [A.done, again.done] })).toEqual(twice);
  });

  it("is not, with a share that was released to a wrong one, or a wrong one that was released", () => {
    const { clientSignatureShare } = B.answered;
    const wrong = { ...A.answered, clientSignatureShare };
    expect(found({ begun: [A.begun], answered: [wrong] })).toEqual([
      "a was answered to a wrong share of the client's",
    ]);
    const { relayerSignatureShare, signature } = B.answered;
    expect(
      found({ begun: [A.begun], answered: [{ ...A.answered, relayerSignatureShare, signature }] }),
    ).toEqual(["a was answered with a wrong share", "a was answered with a wrong signature"]);
  });

  it("is not, with an answer that the store does not have", () => {
    expect(found({ begun: [A.begun], answered: [A.answered], stored: [burnt("a", "1")] })).toEqual([
      "a was answered, and is burnt in the store",
    ]);
    expect(found({ answered: [A.answered] })).toEqual(["a was answered, and nobody was told that it began"]);
  });
});
