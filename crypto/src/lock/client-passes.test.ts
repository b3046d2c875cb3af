import { describe, expect, it } from "vitest";
import { beginRegistration, beginUnlock } from "./client-passes.ts";
import { LockKey } from "./lock-key.ts";
import { randomScalar } from "./lock-suite.ts";
import { ristretto255 as suite } from "./ristretto255.ts";
import { faultOf, random } from "./suite-cases.ts";

const newKey = () => new LockKey(suite, randomScalar(suite, random));
const key = newKey();
const other = newKey();

function registered() {
  const pass = beginRegistration(suite, random);
  return pass.finish(key.apply(pass.request, random), key.commitment);
}

describe("a registration", () => {
  it("refuses a lock that changes nothing, whose proof holds", () => {
    const one = new Uint8Array(suite.scalarSize);
    one[0] = 1;
    const identity = new LockKey(suite, one);
    const pass = beginRegistration(suite, random);
    const answer = identity.apply(pass.request, random);
    expect(faultOf(() => pass.finish(answer, identity.commitment))).toBe("LOCK_NOT_APPLIED");
  });

  it("refuses the request sent back", () => {
    const pass = beginRegistration(suite, random);
    const answer = { ...key.apply(pass.request, random), element: pass.request };
    expect(faultOf(() => pass.finish(answer, key.commitment))).toBe("INVALID_PROOF");
  });

  it("refuses another key's answer, an answer to another request, and one without a proof", () => {
    const refused = (answerTo: (request: Uint8Array) => ReturnType<LockKey["apply"]>) => {
      const pass = beginRegistration(suite, random);
      expect(faultOf(() => pass.finish(answerTo(pass.request), key.commitment))).toBe("INVALID_PROOF");
    };
    refused((request) => other.apply(request, random));
    refused(() => key.apply(suite.multiplyBase(randomScalar(suite, random)), random));
    refused((request) => key.remove(request, random));
    refused((request) => ({ ...key.apply(request, random), proof: new Uint8Array(0) }));
  });

  it("can be finished once", () => {
    const pass = beginRegistration(suite, random);
    const answer = key.apply(pass.request, random);
    pass.finish(answer, key.commitment);
    expect(faultOf(() => pass.finish(answer, key.commitment))).toBe("INVALID_SCALAR");
  });

  it("cannot be finished after an answer that was refused", () => {
    const pass = beginRegistration(suite, random);
    expect(faultOf(() => pass.finish(other.apply(pass.request, random), key.commitment))).toBe(
      "INVALID_PROOF",
    );
    const answer = key.apply(pass.request, random);
    expect(faultOf(() => pass.finish(answer, key.commitment))).toBe("INVALID_SCALAR");
  });

  it("makes another K each time, and shows the relay another element", () => {
    const passes = [beginRegistration(suite, random), beginRegistration(suite, random)] as const;
    expect(passes[0].request).not.toEqual(passes[1].request);
    const [a, b] = [registered(), registered()];
    expect(a.kek).not.toEqual(b.kek);
    expect(a.lockedKek).not.toEqual(b.lockedKek);
  });
});

describe("an unlock", () => {
  const envelope = { suite: suite.number, ...registered() };

  it("refuses a commitment that is not the envelope's key, whose proof holds", () => {
    const pass = beginUnlock(suite, envelope, random);
    const answer = other.remove(pass.request, random);
    expect(faultOf(() => pass.finish(answer, other.commitment))).toBe("WRONG_KEY");
    // The pass is over, and its lock erased.
    const right = key.remove(pass.request, random);
    expect(faultOf(() => pass.finish(right, key.commitment))).toBe("INVALID_SCALAR");
  });

  it("refuses another key's answer, an answer to another request, and one without a proof", () => {
    const refused = (answerTo: (request: Uint8Array) => ReturnType<LockKey["remove"]>) => {
      const pass = beginUnlock(suite, envelope, random);
      expect(faultOf(() => pass.finish(answerTo(pass.request), key.commitment))).toBe("INVALID_PROOF");
    };
    refused((request) => other.remove(request, random));
    refused(() => key.remove(suite.multiplyBase(randomScalar(suite, random)), random));
    refused((request) => key.apply(request, random));
    refused((request) => ({ ...key.remove(request, random), proof: new Uint8Array(0) }));
  });

  it("can be finished once", () => {
    const pass = beginUnlock(suite, envelope, random);
    const answer = key.remove(pass.request, random);
    expect(pass.finish(answer, key.commitment)).toEqual(envelope.kek);
    expect(faultOf(() => pass.finish(answer, key.commitment))).toBe("INVALID_SCALAR");
  });

  it("is not begun for an envelope of another suite", () => {
    expect(faultOf(() => beginUnlock(suite, { ...envelope, suite: 2 }, random))).toBe("INVALID_ENVELOPE");
  });
});
