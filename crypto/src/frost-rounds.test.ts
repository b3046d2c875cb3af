import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { describe, expect, it } from "vitest";
import { Fn } from "./encodings.ts";
import { commit, verifyingShare } from "./frost-ed25519.ts";
import { type Ceremony, isSignatureShare, signatureShare, sumOfShares, transcribe } from "./frost-rounds.ts";
import rfc9591 from "./vectors/rfc9591-ed25519.json" with { type: "json" };

const [first, third] = rfc9591.participants;
if (first === undefined || third === undefined) throw new Error("the vectors name two participants");
const PARTICIPANTS = [first, third] as const;

const ceremony: Ceremony = {
  groupKey: hexToBytes(rfc9591.groupPublicKey),
  message: hexToBytes(rfc9591.message),
  participants: [participant(first), participant(third)],
};

function participant(of: typeof first & object) {
  const hiding = hexToBytes(of.hidingNonceCommitment);
  const binding = hexToBytes(of.bindingNonceCommitment);
  return { id: of.id, commitments: { hiding, binding } };
}

describe("RFC 9591, appendix E.1", () => {
  it.each(PARTICIPANTS)("gives the nonces and commitments of participant $id", (of) => {
    const randomness = [of.hidingNonceRandomness, of.bindingNonceRandomness];
    const round = commit(hexToBytes(of.share), () => hexToBytes(randomness.shift() ?? ""));
    expect(bytesToHex(round.nonces)).toBe(of.hidingNonce + of.bindingNonce);
    expect(bytesToHex(round.commitments.hiding)).toBe(of.hidingNonceCommitment);
    expect(bytesToHex(round.commitments.binding)).toBe(of.bindingNonceCommitment);
  });

  it("gives the binding factors", () => {
    const factors = transcribe(ceremony).bindingFactors.map((f) => bytesToHex(Fn.toBytes(f)));
    expect(factors).toEqual(PARTICIPANTS.map((p) => p.bindingFactor));
  });

  it.each([0, 1] as const)("gives the signature share at %i, which verifies", (index) => {
    const of = PARTICIPANTS[index];
    const nonces = hexToBytes(of.hidingNonce + of.bindingNonce);
    const share = signatureShare(ceremony, index, hexToBytes(of.share), nonces);
    expect(bytesToHex(share)).toBe(of.signatureShare);
    expect(isSignatureShare(ceremony, index, verifyingShare(hexToBytes(of.share)), share)).toBe(true);
  });

  it("gives the signature", () => {
    const shares = [hexToBytes(first.signatureShare), hexToBytes(third.signatureShare)] as const;
    expect(bytesToHex(sumOfShares(ceremony, shares))).toBe(rfc9591.signature);
  });
});
