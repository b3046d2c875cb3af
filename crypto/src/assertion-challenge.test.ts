import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  authorizeChallenge,
  exportChallenge,
  isSignInChallenge,
  keyChallenge,
  sessionChallenge,
} from "./assertion-challenge.ts";
import { lp } from "./length-prefixed.ts";

const filled = (length: number, byte: number) => new Uint8Array(length).fill(byte);

/** The contracts' formula, written again with another library. */
function formula(domain: string, ...parts: readonly (string | Uint8Array)[]): Uint8Array {
  const hash = createHash("sha256").update(domain);
  for (const part of parts) {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(Buffer.from(part).length);
    hash.update(length).update(part);
  }
  return new Uint8Array(hash.digest());
}

describe("challenges of assertions", () => {
  it("follow the contracts' formulas", () => {
    const [nonce, keyId, tenant] = [filled(32, 1), "ed25519:abc", "tenant-ü"];
    expect(keyChallenge(nonce, filled(32, 2))).toEqual(formula("countersign/key/v1", nonce, filled(32, 2)));
    expect(sessionChallenge({ nonce, policy: filled(9, 3), keyId, tenant })).toEqual(
      formula("countersign/threshold-session/v1", nonce, filled(9, 3), keyId, tenant),
    );
    expect(authorizeChallenge({ nonce, digests: [filled(32, 4), filled(32, 5)], keyId, tenant })).toEqual(
      formula(
        "countersign/authorize/v1",
        nonce,
        Buffer.concat([filled(32, 4), filled(32, 5)]),
        keyId,
        tenant,
      ),
    );
    expect(exportChallenge({ tenant, keyId, recipientPublicKey: filled(32, 6), nonce })).toEqual(
      formula("countersign/export/v1", tenant, keyId, filled(32, 6), nonce),
    );
  });

  it("refuse digests that could run into each other", () => {
    const of = { nonce: filled(32, 1), keyId: "k", tenant: "t" };
    expect(() => authorizeChallenge({ ...of, digests: [filled(31, 1), filled(33, 1)] })).toThrow(RangeError);
  });
});

describe("a challenge of the relay's", () => {
  const prefix = Buffer.from("countersign/passkey-sign-in/v1");
  const challenge = Buffer.concat([prefix, filled(32, 7)]);

  it("is a sign-in's if it says so", () => {
    expect(isSignInChallenge(challenge)).toBe(true);
  });

  it("is none of another size, or with another beginning", () => {
    for (const size of [0, 32, prefix.length, challenge.length - 1]) {
      expect(isSignInChallenge(challenge.subarray(0, size)), `${size} bytes`).toBe(false);
    }
    expect(isSignInChallenge(Buffer.concat([challenge, filled(1, 7)]))).toBe(false);
    for (const at of prefix.keys()) {
      const other = Uint8Array.from(challenge);
      other[at] = (other[at] ?? 0) ^ 1;
      expect(isSignInChallenge(other), `byte ${at}`).toBe(false);
    }
  });

  it("is never one of the signer's", () => {
    const of = { nonce: filled(32, 1), keyId: "k", tenant: "t" };
    const signers = [
      keyChallenge(filled(32, 1), filled(32, 2)),
      sessionChallenge({ ...of, policy: filled(9, 3) }),
      authorizeChallenge({ ...of, digests: [filled(32, 4)] }),
      exportChallenge({ ...of, recipientPublicKey: filled(32, 6) }),
    ];
    expect(signers.map(isSignInChallenge)).toEqual([false, false, false, false]);
  });
});

describe("length-prefixed parts", () => {
  it("have their length before them, the lowest byte first", () => {
    expect(lp()).toEqual(new Uint8Array(0));
    expect(lp(new Uint8Array(0), filled(2, 7))).toEqual(Uint8Array.of(0, 0, 0, 0, 2, 0, 0, 0, 7, 7));
    expect(lp(filled(258, 1)).subarray(0, 4)).toEqual(Uint8Array.of(2, 1, 0, 0));
  });
});
