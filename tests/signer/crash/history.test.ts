import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { formatPublicKey, type PublicKey } from "@countersign/near";
import { describe, expect, it } from "vitest";
import { History, type Payload, violations } from "./support/history.ts";

const { publicKey, privateKey } = generateKeyPairSync("ed25519");
const { x = "" } = publicKey.export({ format: "jwk" });
const KEY: PublicKey = { type: "ed25519", data: Buffer.from(x, "base64url") };
const TEXT = formatPublicKey(KEY);

function payload(nonce: bigint, text: string): Payload {
  const bytes = Buffer.from(text);
  const hash = createHash("sha256").update(bytes).digest("hex");
  return { keyId: "k", publicKey: KEY, nonce, bytes, hash };
}

const A = payload(1n, "a");
const RIVAL = payload(1n, "rival");
const B = payload(2n, "b");
const signed = ({ hash }: Payload) => ({ publicKey: TEXT, hash });
const signatureOf = ({ hash }: Payload) => sign(null, Buffer.from(hash, "hex"), privateKey).toString("hex");
const released = (of: Payload, signature = signatureOf(of)) => ({ hash: of.hash, signature });

function found(
  signings: { publicKey: string; hash: string }[],
  releases: { hash: string; signature: string }[] = [],
  passedGrants: string[] = [],
): string[] {
  const history = new History();
  for (const one of [A, RIVAL, B]) history.payloads.set(one.hash, one);
  history.releases.push(...releases);
  return violations(history, { signings, passedGrants });
}

describe("a history", () => {
  it("with one payload for each nonce, signed and released more than once, is well", () => {
    const all = [signed(A), signed(A), signed(B)];
    expect(found(all, [released(A), released(A), released(B)], ["1", "2"])).toEqual([]);
  });

  it("is not, with a second payload signed for a nonce, though nobody was given it", () => {
    expect(found([signed(A), signed(RIVAL)], [released(A)])).toEqual([
      "nonce 1 of k has two payloads signed",
    ]);
  });

  it("is not, with a second payload released for a nonce", () => {
    const all = found([signed(A), signed(RIVAL)], [released(A), released(RIVAL)]);
    expect(all).toContain("nonce 1 of k has two payloads released");
  });

  it("is not, with two signatures for one payload, or one that does not verify", () => {
    const other = "00".repeat(64);
    expect(found([signed(A)], [released(A), released(A, other)])).toEqual([
      "nonce 1 of k has two signatures released",
    ]);
    expect(found([signed(A)], [released(A, other)])).toEqual(["nonce 1 of k has a wrong signature released"]);
  });

  it("is not, with a signature that no backend made, or over something that no relay made", () => {
    expect(found([], [released(A)])).toEqual([`${A.hash} was released, and nothing signed it`]);
    const unknown = payload(3n, "unknown");
    expect(found([signed(unknown)])).toEqual([`${TEXT} signed ${unknown.hash}, which no relay asked it for`]);
  });

  it("is not, with a grant that passed twice", () => {
    expect(found([], [], ["1", "2", "1"])).toEqual(["the grant 1 was let pass twice"]);
  });
});
