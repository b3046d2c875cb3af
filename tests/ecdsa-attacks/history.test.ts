import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { EcdsaHistory, ecdsaViolations } from "./support/ecdsa-history.ts";
import type { StoredPresignature } from "./support/stored-presignatures.ts";

const sha256 = (text: string) => Uint8Array.from(createHash("sha256").update(text).digest());
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

/** A signing from begin to end. */
function signing(sessionId: string, requestId: string, presignature = sessionId) {
  const clientEntropy = sha256(`entropy of ${sessionId}`);
  const begun = {
    ...{ sessionId, requestId, digest: sha256(requestId), presignatureId: sha256(presignature) },
    clientEntropyHash: Uint8Array.from(createHash("sha256").update(clientEntropy).digest()),
    relayerEntropy: sha256(`relayer's of ${sessionId}`),
  };
  const answered = { sessionId, clientEntropy, message: sha256(`share of ${sessionId}`) };
  const stored: StoredPresignature = {
    ...{ id: hex(begun.presignatureId), state: "used", signingId: sessionId, requestId },
    ...{ digest: hex(begun.digest), clientEntropyHash: hex(begun.clientEntropyHash) },
    ...{ relayerEntropy: hex(begun.relayerEntropy), answer: hex(answered.message) },
  };
  return { begun, answered, stored };
}

function found(parts: Partial<EcdsaHistory>, combine = () => {}): string[] {
  return ecdsaViolations(Object.assign(new EcdsaHistory(), parts), combine);
}

const A = signing("a", "1");
const B = signing("b", "2");
const ID = A.stored.id;

describe("a history", () => {
  it("of presignatures that were used once, also more than once with the same, is well", () => {
    const begun = [A.begun, A.begun, B.begun];
    const answered = [A.answered, A.answered, B.answered];
    expect(found({ begun, answered, stored: [{ ...A.stored, state: "reserved" }, A.stored] })).toEqual([]);
  });

  it("is not, with two shares for one presignature, on the wire or in the store", () => {
    const other = { ...A.answered, message: B.answered.message };
    const twice = `presignature ${ID} has two shares`;
    expect(found({ begun: [A.begun], answered: [A.answered, other] })).toEqual([twice]);
    const stored = [{ ...A.stored, answer: hex(B.answered.message) }];
    expect(found({ begun: [A.begun], answered: [A.answered], stored })).toEqual([twice]);
  });

  it("is not, with a presignature in two signings, or a signing of two wishes", () => {
    const again = signing("again", "2", "a");
    const twice = `presignature ${ID} was reserved twice`;
    expect(found({ begun: [A.begun, again.begun] })).toEqual([twice]);
    expect(found({ begun: [A.begun], stored: [again.stored] })).toEqual([twice]);
    const changed = { ...A.begun, relayerEntropy: B.begun.relayerEntropy };
    expect(found({ begun: [A.begun, changed] })).toEqual(["a was begun for two wishes"]);
    expect(found({ begun: [changed], stored: [A.stored] })).toEqual(["a is another wish in the store"]);
  });

  it("is not, with a request answered in two signings", () => {
    const again = signing("again", "1");
    const answered = [A.answered, again.answered];
    expect(found({ begun: [A.begun, again.begun], answered })).toEqual([
      "request 1 was answered in two sessions",
    ]);
  });

  it("is not, with an answer for other entropy, a wrong one, or one that the store does not have", () => {
    const { clientEntropy } = B.answered;
    expect(found({ begun: [A.begun], answered: [{ ...A.answered, clientEntropy }] })).toEqual([
      "a was answered for other entropy than it was begun with",
    ]);
    const half = { id: A.begun.presignatureId, bigR: sha256("R"), k: sha256("k"), sigma: sha256("sigma") };
    const wrong = () => {
      throw new Error("it does not verify");
    };
    const parts = { begun: [A.begun], answered: [A.answered], halves: new Map([[ID, half]]) };
    expect(found(parts, wrong)).toEqual(["a was answered with a wrong share"]);
    const stored: StoredPresignature[] = [{ ...A.stored, state: "destroyed", answer: undefined }];
    expect(found({ begun: [A.begun], answered: [A.answered], stored })).toEqual([
      "a was answered, and its presignature is destroyed in the store",
    ]);
    expect(found({ answered: [A.answered] })).toEqual(["a was answered, and nobody was told that it began"]);
  });
});
