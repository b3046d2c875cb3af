import { concatBytes, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { describe, expect, it } from "vitest";
import ffdhe3072Vectors from "../../../tests/vectors/lock/ffdhe3072.json" with { type: "json" };
import ristretto255Vectors from "../../../tests/vectors/lock/ristretto255.json" with { type: "json" };
import { lp } from "../length-prefixed.ts";
import type { Envelope } from "./envelope.ts";
import { decodeEnvelope, encodeEnvelope } from "./envelope-codec.ts";
import { keyIdBytes } from "./key-id.ts";
import { faultOf, ORIGIN, random } from "./suite-cases.ts";

const [small, large] = [ristretto255Vectors, ffdhe3072Vectors].map(
  (vectors): Envelope => ({
    version: 1,
    suite: vectors.suite,
    relayOrigin: ORIGIN,
    keyId: vectors.keyId,
    lockedKek: hexToBytes(vectors.lockedKek),
    nonce: new Uint8Array(24).fill(0x66),
    ciphertext: hexToBytes(vectors.ciphertext),
  }),
) as [Envelope, Envelope];

/** The fields of an envelope as they are encoded. */
function fieldsOf({
  version,
  suite,
  relayOrigin,
  keyId,
  lockedKek,
  nonce,
  ciphertext,
}: Envelope): Uint8Array[] {
  const names = [utf8ToBytes(relayOrigin), keyIdBytes(keyId)];
  return [Uint8Array.of(version), Uint8Array.of(suite), ...names, lockedKek, nonce, ciphertext];
}

describe("an envelope's bytes", () => {
  it.each([
    ["ristretto255", small, 172],
    ["ffdhe3072", large, 524],
  ])("are its fields with their lengths: %s", (_, envelope, size) => {
    const bytes = encodeEnvelope(envelope);
    expect(bytes).toEqual(lp(...fieldsOf(envelope)));
    expect(bytes.length).toBe(size);
    expect(decodeEnvelope(bytes)).toEqual(envelope);
  });

  it("are read where they lie, and copied", () => {
    const bytes = concatBytes(Uint8Array.of(1, 2, 3), encodeEnvelope(small), Uint8Array.of(4));
    const decoded = decodeEnvelope(bytes.subarray(3, -1));
    bytes.fill(0);
    expect(decoded).toEqual(small);
  });

  it("are refused when any are missing, or one is too many", () => {
    const bytes = encodeEnvelope(small);
    for (let size = 0; size < bytes.length; size++) {
      expect(faultOf(() => decodeEnvelope(bytes.subarray(0, size)))).toBe("INVALID_ENVELOPE");
    }
    expect(faultOf(() => decodeEnvelope(concatBytes(bytes, Uint8Array.of(0))))).toBe("INVALID_ENVELOPE");
  });

  it.each<[string, number, Uint8Array]>([
    ["an empty version", 0, new Uint8Array(0)],
    ["version 0", 0, Uint8Array.of(0)],
    ["version 2", 0, Uint8Array.of(2)],
    ["a version of two bytes", 0, Uint8Array.of(1, 0)],
    ["an empty suite", 1, new Uint8Array(0)],
    ["suite 0", 1, Uint8Array.of(0)],
    ["the other suite", 1, Uint8Array.of(2)],
    ["suite 3", 1, Uint8Array.of(3)],
    ["an empty origin", 2, new Uint8Array(0)],
    ["an origin of 513 bytes", 2, new Uint8Array(513).fill(0x61)],
    ["an origin that is no UTF-8", 2, Uint8Array.of(0xc3, 0x28)],
    ["a key id of 15 bytes", 3, new Uint8Array(15)],
    ["a key id of 17 bytes", 3, new Uint8Array(17)],
    ["a locked key of 31 bytes", 4, new Uint8Array(31)],
    ["a locked key of 384 bytes", 4, new Uint8Array(384)],
    ["a nonce of 23 bytes", 5, new Uint8Array(23)],
    ["a nonce of 25 bytes", 5, new Uint8Array(25)],
    ["a ciphertext of 16 bytes", 6, new Uint8Array(16)],
    ["a ciphertext of 4,113 bytes", 6, new Uint8Array(4_113)],
  ])("are refused with %s", (_, at, field) => {
    const fields = fieldsOf(small);
    fields[at] = field;
    expect(faultOf(() => decodeEnvelope(lp(...fields)))).toBe("INVALID_ENVELOPE");
  });

  it("are refused with a length of 4 GiB", () => {
    const bytes = encodeEnvelope(small);
    bytes.fill(0xff, 0, 4);
    expect(faultOf(() => decodeEnvelope(bytes))).toBe("INVALID_ENVELOPE");
  });

  it("decode to what encodes to them again, or not at all, whatever they are", () => {
    const bytes = encodeEnvelope(small);
    let refused = 0;
    for (let i = 0; i < 5_000; i++) {
      const [at = 0, value = 0, low = 0] = random(3);
      const changed = bytes.slice();
      changed[((at << 8) | low) % changed.length] = value;
      const fault = faultOf(() => expect(encodeEnvelope(decodeEnvelope(changed))).toEqual(changed));
      expect([undefined, "INVALID_ENVELOPE"]).toContain(fault);
      if (fault !== undefined) refused++;
    }
    expect(refused).toBeGreaterThan(100);
  });

  it("are not made of what is no envelope", () => {
    expect(faultOf(() => encodeEnvelope({ ...small, suite: 2 }))).toBe("INVALID_ENVELOPE");
  });
});
